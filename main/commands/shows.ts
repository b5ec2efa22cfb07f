import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { parse } from 'yaml'
import type { ShowEntry } from '../../schemas/show.ts'
import { expectedError } from '../expectedError.ts'
import { consoleAddress, tokenOption } from './options.ts'

const NO_TOKEN =
  'the console asks for a token: make one with `firstframe token` on its machine, and give it as --token or FIRSTFRAME_TOKEN.'

/** The message of an error answer of the console; undefined when it has another shape. */
function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown; detail?: unknown } }
    const message = body.error?.detail ?? body.error?.message
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}

/** Asks the console, with the token if there is one; throws an error in a line a person can mend. */
export const askWith =
  (token: () => string | undefined) =>
  (url: string, init: RequestInit = {}): Promise<string> => {
    const headers = new Headers(init.headers)
    const given = token()
    if (given !== undefined) headers.set('authorization', `Bearer ${given}`)
    return ask(url, { ...init, headers })
  }

async function ask(url: string, init: RequestInit): Promise<string> {
  let answer: Response
  try {
    answer = await fetch(url, init)
  } catch {
    throw expectedError(
      `${new URL(url).origin} does not answer. Is Firstframe running? Name its console with --url.`,
    )
  }
  const text = await answer.text()
  if (answer.status === 401) throw expectedError(NO_TOKEN)
  if (!answer.ok)
    throw expectedError(messageOf(text) ?? `${new URL(url).origin} answered ${answer.status}: ${text}`)
  return text
}

export function registerShows(program: Command): void {
  const shows = program
    .command('shows')
    .description('which streams and apps belong to a show')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
  const base = (): string => `${(shows.opts().url as string).replace(/\/$/, '')}/api/registry`
  const ask = askWith(() => shows.opts().token)

  shows
    .command('list', { isDefault: true })
    .description('the shows that are declared')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const text = await ask(base())
      if (json) return void console.log(text)
      const { shows: entries } = JSON.parse(text) as { shows: ShowEntry[] }
      if (entries.length === 0)
        console.log(
          'No show is declared. `firstframe shows apply FILE` declares some; beacons that name their show need none.',
        )
      for (const { show, title, tenant, streams, starts } of entries) {
        console.log(
          `${show}${title === undefined ? '' : ` — ${title}`}${tenant === undefined ? '' : ` (${tenant})`}${starts === undefined ? '' : ` from ${starts}`}`,
        )
        for (const { stream, apps } of streams)
          console.log(`  ${stream}${apps === undefined ? '' : `: ${apps.join(', ')}`}`)
      }
    })

  shows
    .command('apply')
    .argument('<file>', 'YAML: a list under `shows:`, or one show')
    .description('declare shows from a file; a show of the same name is replaced')
    .action(async (file: string) => {
      const text = await readFile(file, 'utf8').catch((error: Error) => {
        throw expectedError(`${file} cannot be read: ${error.message}`)
      })
      const value = parse(text) as { shows?: ShowEntry[] } | ShowEntry
      const entries = 'shows' in value && Array.isArray(value.shows) ? value.shows : [value as ShowEntry]
      for (const { show, ...entry } of entries) {
        if (typeof show !== 'string') throw expectedError(`${file}: an entry has no \`show\`.`)
        await ask(`${base()}/${encodeURIComponent(show)}`, {
          method: 'PUT',
          body: JSON.stringify(entry),
          headers: { 'content-type': 'application/json' },
        })
        console.log(`declared ${show}`)
      }
    })

  shows
    .command('remove')
    .argument('<show>')
    .option('--tenant <name>', 'whose')
    .description('forget a show’s declaration; its facts stay')
    .action(async (show: string, { tenant }: { tenant?: string }) => {
      await ask(
        `${base()}/${encodeURIComponent(show)}${tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`}`,
        { method: 'DELETE' },
      )
      console.log(`forgot ${show}`)
    })
}
