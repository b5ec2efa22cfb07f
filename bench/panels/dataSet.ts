import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store } from '../../store/client.ts'
import { CHUNK, seedChunk, seedIncidents } from './seed.ts'

/** Where the generated heartbeats lie unless `--dir` says otherwise. */
export const DEFAULT_DIR = fileURLToPath(new URL('../../.cache/bench/panels', import.meta.url))

/** Disk that has to be free before generating, bytes a heartbeat: what it takes in the end (about 100), and room for merges. */
const BYTES_A_HEARTBEAT = 150
/** Rollups forget after thirty days: an older set would be half a set. */
const OLDEST_MS = 20 * 86_400_000

interface Progress {
  readonly rows: number
  readonly done: number
  /** The end of the newest interval, ms since the epoch. */
  readonly end_ms: number
}

export interface DataSet {
  readonly storeDir: string
  /** Makes what is missing; a set that was cut off goes on where it stopped. `enough` ends it early. */
  fill(
    store: Store,
    options: { readonly now_ms: number; enough(): boolean; say(done: number): void },
  ): Promise<Progress>
}

const PROGRESS = 'progress.json'

async function progressOf(dir: string): Promise<Progress | undefined> {
  const file = join(dir, PROGRESS)
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Progress) : undefined
}

async function note(dir: string, progress: Progress): Promise<void> {
  await writeFile(join(dir, `${PROGRESS}.part`), JSON.stringify(progress))
  await rename(join(dir, `${PROGRESS}.part`), join(dir, PROGRESS))
}

export const removeDataSet = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true })

/** The set in a directory. Throws when there is one of another size, a stale one, or too little disk for a new one. */
export async function openDataSet(dir: string, rows: number, now_ms: number): Promise<DataSet> {
  const before = await progressOf(dir)
  if (before !== undefined && before.rows !== rows)
    throw new Error(`${dir} is a set of ${before.rows} heartbeats: --rows ${before.rows}, or --clean first`)
  if (before !== undefined && now_ms - before.end_ms > OLDEST_MS)
    throw new Error(`${dir} is so old that its rollups are being forgotten: --clean first`)
  await mkdir(dir, { recursive: true })
  const { bavail, bsize } = await statfs(dir)
  const needed = (rows - (before?.done ?? 0)) * BYTES_A_HEARTBEAT
  if (bavail * bsize < needed)
    throw new Error(
      `${dir} has ${((bavail * bsize) / 1e9).toFixed(0)} GB free and ${rows} heartbeats may take ${(needed / 1e9).toFixed(0)} GB: --rows or --dir`,
    )
  return {
    storeDir: join(dir, 'store'),
    async fill(store, { now_ms, enough, say }) {
      let progress = before ?? { rows, done: 0, end_ms: Math.floor(now_ms / 10_000) * 10_000 }
      if (progress.done === 0) await seedIncidents(store, progress.end_ms)
      while (progress.done < rows && !enough()) {
        await seedChunk(store, { rows, first: progress.done, end_ms: progress.end_ms })
        progress = { ...progress, done: Math.min(rows, progress.done + CHUNK) }
        await note(dir, progress)
        say(progress.done)
      }
      return progress
    },
  }
}
