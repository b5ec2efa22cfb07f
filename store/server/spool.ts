import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Bytes that come from outside reach the engine by a file in shared memory, never inside a text: a blank line in
 * inline data would end the data and run what follows as SQL.
 */
export interface Spool {
  put(bytes: readonly Uint8Array[]): Promise<{ readonly path: string; remove(): Promise<void> }>
  close(): Promise<void>
}

const PREFIX = 'firstframe-store-'

/** Opens a spool in shared memory, or in the temporary folder where there is none. */
export async function openSpool(): Promise<Spool> {
  const base = sharedMemory() ?? tmpdir()
  await removeLeftovers(base)
  const dir = await mkdtemp(join(base, `${PREFIX}${process.pid}-`))
  let last = 0
  return {
    async put(bytes) {
      const path = join(dir, String(++last))
      try {
        await writeFile(path, bytes, { mode: 0o600 })
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      return { path, remove: () => rm(path, { force: true }) }
    },
    close: () => rm(dir, { recursive: true, force: true }),
  }
}

function sharedMemory(): string | undefined {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK)
    return '/dev/shm'
  } catch {
    return undefined
  }
}

/** A store that was killed leaves its directory; who is alive keeps it. */
async function removeLeftovers(base: string): Promise<void> {
  await mkdir(base, { recursive: true })
  for (const name of await readdir(base)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1])
    if (pid > 0 && (pid === process.pid || !alive(pid)))
      await rm(join(base, name), { recursive: true, force: true })
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
