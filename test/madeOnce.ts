import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const LONGEST_MS = 300_000
/** The one that makes it touches its lock this often; a lock that was not touched belongs to a run that died. */
const LOCK_TOUCH_MS = 1_000
const LOCK_STALE_MS = 30_000

/** Makes something for all tests, once, by whoever comes first; the others, of this process or of another, wait for it. */
export async function madeOnce(options: {
  readonly cache: string
  readonly name: string
  readonly isMade: () => boolean
  readonly make: () => Promise<void>
}): Promise<void> {
  const { cache, name, isMade, make } = options
  if (isMade()) return
  mkdirSync(cache, { recursive: true })
  const lock = join(cache, `${name}.lock`)
  const end = performance.now() + LONGEST_MS
  while (!takeLock(lock)) {
    await pause(200)
    if (isMade()) return
    if (performance.now() > end) throw new Error(`another run holds ${lock} and does not finish`)
  }
  const touching = setInterval(() => utimesSync(lock, new Date(), new Date()), LOCK_TOUCH_MS)
  try {
    if (!isMade()) await make()
  } finally {
    clearInterval(touching)
    rmSync(lock, { force: true })
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  if (Date.now() - touched > LOCK_STALE_MS) rmSync(lock, { force: true })
  return false
}
