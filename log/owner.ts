import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { LogError } from './log.ts'

/** A folder that belongs to this process. */
export interface Claim {
  /** Whether the last owner closed the folder's file, and nobody changed it since. */
  readonly closedInOrder: boolean
  /** Gives the folder free. Call it after the file is closed. */
  release(): void
}

/** The file is written over in place and has a fixed length: so a claim needs no block of a full disk. */
const LENGTH = 128
/** Two processes that take over the same dead claim see within this time who was last. */
const CONTEST_MS = 20

/**
 * Makes this process the only one that writes a folder: two would give the same offsets twice. The claim of a process
 * that was killed does not count.
 * @throws LogError when another process holds the folder, or the disk is full and the folder new
 */
export async function claimFolder(path: string): Promise<Claim> {
  const file = join(path, 'owner')
  const mine = identity(process.pid) ?? String(process.pid)
  const before = read(file)
  const holder = before?.startsWith(CLOSED) ? undefined : before
  if (holder !== undefined && holder !== '') {
    const pid = Number(holder.split(' ')[0])
    // Without a start time a process number alone cannot tell this process from an earlier one with the same number.
    const alive = holder.includes(' ') ? identity(pid) === holder : pid !== process.pid && isAlive(pid)
    if (alive) throw new LogError('unavailable', `${path} is in use by process ${pid}`, { retriable: true })
  }
  overwrite(file, mine)
  if (before !== undefined) await pause(CONTEST_MS)
  if (read(file) !== mine)
    throw new LogError('unavailable', `${path} is in use by another process`, { retriable: true })
  return {
    closedInOrder: before === `${CLOSED}${stateOf(path)}`,
    release: () => overwrite(file, `${CLOSED}${stateOf(path)}`),
  }
}

const CLOSED = 'closed '

/** Size and time of the storage's file: they tell whether somebody changed it. */
function stateOf(path: string): string {
  try {
    const { size, mtimeMs } = statSync(join(path, 'data.mdb'))
    return `${size} ${mtimeMs}`
  } catch {
    return 'none'
  }
}

function overwrite(file: string, text: string): void {
  try {
    let handle: number
    try {
      handle = openSync(file, 'r+')
    } catch {
      handle = openSync(file, 'wx')
    }
    writeSync(handle, text.padEnd(LENGTH), 0)
    closeSync(handle)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new LogError('unavailable', `${file}: another process has it`, { retriable: true, cause })
    // The folder is gone: nobody is left to be told who had it.
    if (code === 'ENOENT' && text.startsWith(CLOSED)) return
    if (code !== 'ENOSPC') throw cause
    throw new LogError('full', `the disk of ${file} is full: free some space`, { retriable: true, cause })
  }
}

/** A process's number and, where the system tells it, when it started: numbers are given again. */
function identity(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat !== undefined) return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  return pid === process.pid ? String(pid) : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trimEnd()
  } catch {
    return undefined
  }
}
