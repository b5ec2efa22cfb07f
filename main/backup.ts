import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type EmbeddedLog, openEmbeddedLog } from '../log/embedded.ts'
import { TABLE_NAMES } from '../schemas/derive/columns.ts'
import { HEADERS, topicOf, topics } from '../schemas/topics.ts'
import { takeDataFolder } from './dataFolder.ts'
import { expectedError } from './expectedError.ts'

/** What a backup says of itself: `manifest.json` beside the folder `data`. */
export interface Manifest {
  readonly version: string
  readonly made_ms: number
  /** Size and SHA-256 of every file, by its path in `data`. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
  /** Up to which offset the store has each partition of the log, by `topic/partition`. */
  readonly written: Readonly<Record<string, number>>
}

/** Entries of a data folder that a backup leaves out: they are made again, or were set aside. */
const LEFT_OUT = /^(running|sdk|clock|clock\.new|operators.*|.*\.before-\d+)$/

const partsOf = async (data: string): Promise<string[]> =>
  (await readdir(data)).filter((name) => !LEFT_OUT.test(name))

const MANIFEST = 'manifest.json'
const WRITER = 'write'

async function* filesOf(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesOf(path)
    else if (entry.isFile()) yield path
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const openLogOf = (data: string): Promise<EmbeddedLog> =>
  openEmbeddedLog({
    path: join(data, 'log'),
    topics: topics(1),
    durableGroups: [WRITER, 'watch'],
    emit: () => {},
    clock: Date.now,
  })

const PARTITIONS = TABLE_NAMES.map((table) => ({ topic: topicOf(table), partition: 0 }))
const nameOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic}/${partition}`

/**
 * Copies the data folder of a Firstframe that does not run into a new folder within `to`, with a manifest.
 * @returns the folder
 */
export async function backUp({
  data,
  to,
  version,
  now_ms,
}: {
  readonly data: string
  readonly to: string
  readonly version: string
  readonly now_ms: number
}): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
  const giveBack = takeDataFolder(data)
  try {
    const log = await openLogOf(data)
    const written = Object.fromEntries(
      PARTITIONS.map((partition) => [nameOf(partition), log.committed(WRITER, partition)?.offset ?? 0]),
    )
    await log.close()
    const folder = join(to, `firstframe-${new Date(now_ms).toISOString().replace(/[:.]/g, '-')}`)
    await mkdir(join(folder, 'data'), { recursive: true })
    for (const part of await partsOf(data))
      await cp(join(data, part), join(folder, 'data', part), { recursive: true })
    const files: Record<string, { bytes: number; sha256: string }> = {}
    for await (const path of filesOf(join(folder, 'data')))
      files[relative(join(folder, 'data'), path)] = {
        bytes: (await stat(path)).size,
        sha256: await sha256(path),
      }
    const manifest = { version, made_ms: now_ms, files, written }
    await writeFile(join(folder, MANIFEST), JSON.stringify(manifest, undefined, 1))
    return { folder, manifest }
  } finally {
    giveBack()
  }
}

/** @throws an expected error that names the first file which is not as it was */
export async function verifyBackup(folder: string): Promise<Manifest> {
  let manifest: Manifest
  try {
    manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest
  } catch (error) {
    throw expectedError(`${folder} is no backup: ${(error as Error).message}`)
  }
  for (const [path, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const file = join(folder, 'data', path)
    if (!existsSync(file)) throw expectedError(`the backup is damaged: ${file} is missing`)
    if ((await stat(file)).size !== bytes || (await sha256(file)) !== expected)
      throw expectedError(`the backup is damaged: ${file} is not what was written`)
  }
  return manifest
}

/** What differs between the store after a restore and everything that was answered. */
export interface Difference {
  /** Rows that the writer inserts again from the log at the next start. */
  readonly rows_again: number
  /** Messages that neither the restored store nor the log has, by partition. */
  readonly missing: Readonly<Record<string, number>>
  /** Where what was there before is kept. */
  readonly aside: string
}

/** Moves a part of the data folder aside, so that nothing is overwritten. */
async function setAside(data: string, part: string, now_ms: number): Promise<string> {
  const aside = join(data, `${part}.before-${now_ms}`)
  if (existsSync(join(data, part))) await rename(join(data, part), aside)
  return aside
}

/** Sets the writer's place in the log, and counts what it will write and what is gone. */
async function writeFrom(
  data: string,
  written: Readonly<Record<string, number>>,
): Promise<Omit<Difference, 'aside'>> {
  const log = await openLogOf(data)
  const missing: Record<string, number> = {}
  let rows_again = 0
  try {
    const subscription = await log.subscribe({
      group: WRITER,
      topics: PARTITIONS.map(({ topic }) => topic),
      autoCommit: false,
      assigned: async ({ end }) => end,
      handler: async () => {},
    })
    for (const partition of PARTITIONS) {
      const { begin, end } = await log.bounds(partition)
      const wanted = Math.min(written[nameOf(partition)] ?? 0, end)
      const from = Math.max(wanted, begin)
      if (from > wanted) missing[nameOf(partition)] = from - wanted
      for await (const { headers } of log.replay({ ...partition, from: { offset: from } }))
        if (headers[HEADERS.type] === 'rows') rows_again += Number(headers[HEADERS.rows] ?? 0)
      await subscription.commit(partition, { offset: from })
    }
    await subscription.close()
  } finally {
    await log.close()
  }
  return { rows_again, missing }
}

/**
 * Brings back a data folder, or only its store.
 * @param from a backup, or undefined: the store is built anew from what the log still has
 * @param part `all`: everything as it was; `store`: the store of the backup, then what the present log has beyond it
 */
export async function restore({
  data,
  from,
  part,
  now_ms,
}: {
  readonly data: string
  readonly from: string | undefined
  readonly part: 'all' | 'store'
  readonly now_ms: number
}): Promise<Difference> {
  const manifest = from === undefined ? undefined : await verifyBackup(from)
  await mkdir(data, { recursive: true })
  const giveBack = takeDataFolder(data)
  try {
    if (part === 'all' && from !== undefined) {
      let aside = ''
      for (const each of await partsOf(data)) aside = await setAside(data, each, now_ms)
      for (const each of await partsOf(join(from, 'data')))
        await cp(join(from, 'data', each), join(data, each), { recursive: true })
      return { rows_again: 0, missing: {}, aside: aside.replace(/[^/]+$/, `*.before-${now_ms}`) }
    }
    const aside = await setAside(data, 'store', now_ms)
    if (from !== undefined && existsSync(join(from, 'data', 'store')))
      await cp(join(from, 'data', 'store'), join(data, 'store'), { recursive: true })
    return { ...(await writeFrom(data, manifest?.written ?? {})), aside }
  } finally {
    giveBack()
  }
}
