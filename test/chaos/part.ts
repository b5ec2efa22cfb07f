import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { PROGRAM } from '../program.ts'

const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Where the system can, a role dies with the test that started it, even when that is killed. */
const DIES_WITH_US = existsSync('/usr/bin/setpriv') ? ['setpriv', '--pdeathsig', 'KILL'] : []

/** One role as a process of its own, that can be killed and started again on the same folder and ports. */
export interface Part {
  readonly name: string
  readonly role: string
  /** Where it takes beacons (collector), shows pages (console) or answers SQL (store). */
  readonly url: string
  readonly healthUrl: string
  readonly pid: number | undefined
  /** Output until now. */
  output(): string
  /** Resolves when it is ready, with how long that took, ms. `other` settings count for this life only. */
  start(other?: Readonly<Record<string, string>>): Promise<number>
  /** SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** CPU time of all its lives and of its children now, s, by the system's accounting. */
  cpu_s(): number
  /** Memory of it and its children now, bytes. */
  rss_bytes(): number
}

/** A process and its children that run, by number. */
function family(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return [pid, ...(children === '' ? [] : children.split(' ').flatMap((each) => family(Number(each))))]
  } catch {
    return [pid]
  }
}

function usage(pid: number): { cpu_s: number; rss_bytes: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      cpu_s: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
      rss_bytes: Number(fields[21]) * 4096,
    }
  } catch {
    return { cpu_s: 0, rss_bytes: 0 }
  }
}

/** Processor time of one process until now, s, by the system's accounting. */
export const cpuOf = (pid: number): number => usage(pid).cpu_s

/** The engine's process of a `firstframe store`. */
export const childOf = (pid: number): number | undefined => family(pid)[1]

export function createPart(options: {
  readonly name: string
  readonly role: string
  readonly url: string
  readonly healthPort: number
  readonly environment: Readonly<Record<string, string>>
}): Part {
  const { name, role, url, healthPort } = options
  const healthUrl = `http://127.0.0.1:${healthPort}`
  let child: ChildProcess | undefined
  let text = ''
  let spent_s = 0
  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const gone = (entry: ChildProcess) =>
    entry.exitCode !== null || entry.signalCode !== null
      ? Promise.resolve(entry.exitCode)
      : new Promise<number | null>((resolve) => entry.once('exit', resolve))
  const now = () =>
    running()
      ? family(child!.pid!)
          .map(usage)
          .reduce((a, b) => ({ cpu_s: a.cpu_s + b.cpu_s, rss_bytes: a.rss_bytes + b.rss_bytes }))
      : { cpu_s: 0, rss_bytes: 0 }
  return {
    name,
    role,
    url,
    healthUrl,
    get pid() {
      return running() ? child!.pid : undefined
    },
    output: () => text,
    async start(other = {}) {
      const began = performance.now()
      const [command, ...args] = [...DIES_WITH_US, process.execPath, PROGRAM, role]
      child = spawn(command!, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ...options.environment,
          ...other,
          FIRSTFRAME_HEALTH_PORT: String(healthPort),
        },
      })
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on('data', (chunk: Buffer) => {
          text = (text + String(chunk)).slice(-200_000)
        })
      }
      let reasons = ''
      for (;;) {
        if (!running()) throw new Error(`${name} ended with ${child.exitCode}:\n${text.slice(-4000)}`)
        if (performance.now() - began > 90_000)
          throw new Error(`${name} is not ready: ${reasons}\n${text.slice(-4000)}`)
        const answer = await fetch(`${healthUrl}/readyz`).catch(() => undefined)
        reasons = (await answer?.text().catch(() => undefined)) ?? 'no answer'
        if (answer?.ok) return performance.now() - began
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async kill() {
      if (!running()) return
      spent_s += now().cpu_s
      child!.kill('SIGKILL')
      await gone(child!)
    },
    async stop() {
      if (!running()) return child?.exitCode ?? null
      spent_s += now().cpu_s
      child!.kill('SIGTERM')
      return gone(child!)
    },
    cpu_s: () => spent_s + now().cpu_s,
    rss_bytes: () => now().rss_bytes,
  }
}
