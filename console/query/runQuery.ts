import { once } from 'node:events'
import type { WriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { askConsole } from './askConsole.ts'
import { QueryError } from './consoleErrors.ts'
import { startProgress } from './progress.ts'

/** ClickHouse's format for each of ours. */
export const FORMATS = {
  table: 'PrettyCompactMonoBlock',
  csv: 'CSVWithNames',
  json: 'JSON',
  arrow: 'ArrowStream',
  parquet: 'Parquet',
} as const
export type QueryFormat = keyof typeof FORMATS

const BINARY: readonly QueryFormat[] = ['arrow', 'parquet']

/** The format that a file's ending means, if it means one. */
export const formatOf = (file: string): QueryFormat | undefined =>
  ENDINGS[file.split('.').at(-1) as keyof typeof ENDINGS]

const ENDINGS = {
  csv: 'csv',
  json: 'json',
  arrow: 'arrow',
  arrows: 'arrow',
  parquet: 'parquet',
  txt: 'table',
} as const

export interface RunQueryOptions {
  readonly url: string
  /** API token, for a console that asks people to sign in. */
  readonly token?: string
  readonly sql: string
  readonly format?: QueryFormat
  /** Written whole or not at all; without it the answer goes to `stdout`. */
  readonly out?: string
  readonly params?: Readonly<Record<string, string>>
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly clock: () => number
}

/** Asks and writes the answer; gives the bytes written. Throws QueryError for whatever a person can mend. */
export async function runQuery(options: RunQueryOptions): Promise<{ readonly bytes: number }> {
  const { out, stdout, stderr, clock } = options
  const format = options.format ?? (out === undefined ? 'table' : formatOf(out))
  if (format === undefined)
    throw new QueryError(
      `${out}: its ending names no format that can be written. Use ${Object.keys(ENDINGS)
        .map((ending) => `.${ending}`)
        .join(', ')}, or give --format`,
    )
  if (BINARY.includes(format) && out === undefined && stdout.isTTY)
    throw new QueryError(`${format} is not for a terminal: give --out FILE, or send it into a pipe`)
  const progress = startProgress({
    write: (text) => stderr.write(text),
    terminal: stderr.isTTY === true,
    clock,
  })
  const part = out === undefined ? undefined : `${out}.part`
  // Opened before anything is asked: a folder that is not there is said at once.
  const target = part === undefined ? stdout : (await open(part, 'w')).createWriteStream()
  let bytes = 0
  try {
    for await (const chunk of askConsole({ ...options, format: FORMATS[format] })) {
      bytes += chunk.length
      progress.took(chunk.length)
      // on a terminal the bar's line is cleared before the first rows come
      if (part === undefined && stdout.isTTY) progress.end()
      if (!target.write(chunk)) await once(target, 'drain')
    }
    if (part !== undefined) {
      target.end()
      await finished(target)
      await rename(part, out!)
    }
  } catch (error) {
    if (part !== undefined) {
      ;(target as WriteStream).destroy()
      await rm(part, { force: true })
    }
    throw error
  } finally {
    progress.end()
  }
  if (bytes === 0) stderr.write(`0 rows.${await knownShows(options)}\n`)
  return { bytes }
}

/** What shows there are, for a question that got no answer: the usual cause is a misspelt show. */
async function knownShows({ url, token }: RunQueryOptions): Promise<string> {
  const sql =
    "SELECT arrayStringConcat(groupArray(show), ', ') FROM (SELECT show FROM heartbeat_10s WHERE show != '' GROUP BY show ORDER BY max(time) DESC LIMIT 20)"
  try {
    let text = ''
    for await (const chunk of askConsole({ url, token, sql, format: 'TSVRaw' }))
      text += Buffer.from(chunk).toString()
    return text.trim() === '' ? ' No show has reported yet.' : ` Shows here: ${text.trim()}.`
  } catch {
    return ''
  }
}
