import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expectedError } from './expectedError.ts'

/**
 * Makes a folder with those above it, and makes sure that this process may write there.
 * @throws an expected error that names the folder and the reason
 */
export function makeFolder(folder: string): void {
  try {
    const missing: string[] = []
    // One by one: mkdir with `recursive` never returns below /proc.
    for (let at = folder; !existsSync(at); at = dirname(at)) missing.unshift(at)
    for (const each of missing) mkdirSync(each)
    if (!statSync(folder).isDirectory()) throw new Error('it is a file')
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw expectedError(
      `the folder ${folder} cannot be used: ${(error as Error).message}. Give this user the right to write there, or choose another folder (--data FOLDER).`,
      { cause: error },
    )
  }
}

/** Whether that process runs and is one of ours: numbers of processes are used again. */
function runsFirstframe(pid: number): boolean {
  if (!Number.isInteger(pid) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('firstframe')
  } catch {
    return true
  }
}

/**
 * Takes a data folder for this process: two engines on one folder would damage each other's files.
 * @returns gives it back
 * @throws an expected error that names the process which has it
 */
export function takeDataFolder(folder: string): () => void {
  const path = join(folder, 'running')
  let holder = Number.NaN
  try {
    holder = Number(readFileSync(path, 'utf8'))
  } catch {
    // Nobody has it.
  }
  if (runsFirstframe(holder))
    throw expectedError(
      `the data folder ${folder} is in use by process ${holder}, another Firstframe. Stop that one first, or take another folder: --data FOLDER`,
    )
  writeFileSync(path, String(process.pid))
  return () => rmSync(path, { force: true })
}
