import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LogError } from './log.ts'

/**
 * Makes this process the only one that writes a folder: two would give the same offsets twice. The claim of a process
 * that was killed does not count. Returns the release; throws a LogError when another process holds the folder.
 */
export function claimFolder(path: string): () => void {
  const file = join(path, 'owner')
  const mine = identity(process.pid) ?? String(process.pid)
  const holder = read(file)
  if (holder !== undefined) {
    const pid = Number(holder.split(' ')[0])
    // Without a start time a process number alone cannot tell this process from an earlier one with the same number.
    const told = holder.includes(' ') ? identity(pid) === holder : pid !== process.pid && alive(pid)
    if (told) throw new LogError('unavailable', `${path} is in use by process ${pid}`, { retriable: true })
    rmSync(file, { force: true })
  }
  try {
    writeFileSync(file, mine, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new LogError('unavailable', `${path} is in use by another process`, { retriable: true, cause })
  }
  return () => rmSync(file, { force: true })
}

/** A process's number and, where the system tells it, when it started: numbers are given again. */
function identity(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat !== undefined) return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  return pid === process.pid ? String(pid) : undefined
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
