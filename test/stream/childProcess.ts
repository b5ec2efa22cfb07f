import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** 'pipe' hands the stream to the caller by `child`; stderr is always kept. Default 'ignore'. */
  readonly stdin?: 'pipe' | 'ignore'
  readonly stdout?: 'pipe' | 'ignore'
}

/** A program of a test: it ends with the test, whatever happens to the test. */
export interface RunningChild {
  readonly pid: number
  readonly child: ChildProcess
  /** The last 16 KiB the program wrote to stderr. */
  readonly log: () => string
  readonly running: () => boolean
  /** Resolves with the exit code, or with null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Sends a signal (default SIGKILL) and resolves when the process is gone. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** SIGTERM, then SIGKILL after two seconds. Resolves when it is gone; may be called twice. */
  readonly stop: () => Promise<void>
}

const LOG_BYTES = 16_384
const GRACE_MS = 2_000
/** util-linux's setpriv lets the kernel end the child when its parent dies, even by SIGKILL. */
const SETPRIV = '/usr/bin/setpriv'

const children = new Set<ChildProcess>()
let watching = false

/** The parent's own end takes the children along, by their pids. */
function watchParent(): void {
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1))
  }
}

/** Starts a program. A program that cannot be started shows as an exit with its reason in `log()`. */
export function startChild(options: ChildOptions): RunningChild {
  watchParent()
  const bound = existsSync(SETPRIV)
  const command = bound ? SETPRIV : options.command
  const args = bound ? ['--pdeathsig', 'KILL', options.command, ...options.args] : [...options.args]
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'],
  })
  children.add(child)

  let text = ''
  const keep = (more: string) => {
    text = (text + more).slice(-LOG_BYTES)
  }
  child.stderr?.setEncoding('utf8').on('data', keep)
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      keep(`${error.message}\n`)
      children.delete(child)
      resolve(null)
    })
    child.once('exit', (code) => {
      children.delete(child)
      resolve(code)
    })
  })
  const running = () => children.has(child)
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (running()) child.kill(signal)
    await exited
  }
  const stop = async () => {
    if (!running()) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    await exited
    clearTimeout(timer)
  }
  return { pid: child.pid ?? -1, child, log: () => text, running, exited, kill, stop }
}
