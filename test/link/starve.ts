import { readFileSync } from 'node:fs'

const PERIOD_MS = 400
/** Clock ticks a second in `/proc/PID/stat`. */
const TICKS = 100

const cpu_ms = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS
}

/**
 * Gives a process only a part of the CPU that it needs, as a container's quota does: it is stopped for most of each period.
 * @returns a function that ends it
 */
export async function starve(pid: number, part: number): Promise<() => void> {
  const before = cpu_ms(pid)
  const measured_ms = 2_000
  await new Promise((resolve) => setTimeout(resolve, measured_ms))
  const needs = Math.max(0.005, (cpu_ms(pid) - before) / measured_ms)
  const runs_ms = PERIOD_MS * Math.min(1, needs * part)
  let timer: NodeJS.Timeout
  let over = false
  const turn = (run: boolean) => {
    if (over) return
    process.kill(pid, run ? 'SIGCONT' : 'SIGSTOP')
    timer = setTimeout(turn, run ? runs_ms : PERIOD_MS - runs_ms, !run)
  }
  turn(false)
  return () => {
    over = true
    clearTimeout(timer)
    process.kill(pid, 'SIGCONT')
  }
}
