import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROGRAM } from '../program.ts'
import { freePort } from '../stream/freePort.ts'

export interface Firstframe {
  readonly url: string
  readonly consoleUrl: string
  readonly data: string
  /** The server key of the tenant `demo`, as the data folder has it. */
  serverKey(): string
  pid(): number
  /** Output until now. */
  output(): string
  /** Starts it (again) on the same folder and ports; resolves when it takes beacons, with how long that took, ms. */
  start(options?: {
    /** false: resolves when it answers, ready or not. */
    readonly ready?: boolean
  }): Promise<number>
  /** The exit code or signal of the process that was started last, or undefined while it runs. */
  exitCode(): number | string | undefined
  kill(): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** stop, and remove the folder. */
  dispose(): Promise<void>
}

/** `firstframe all` as a user runs it, in a process and a folder of its own. */
export async function startFirstframe(
  options: {
    readonly environment?: Record<string, string>
    readonly role?: string
    /** Another copy of the program. */
    readonly program?: string
    readonly args?: readonly string[]
    /** The Node.js that runs it; default: this one. */
    readonly node?: string
    /** How long a start may take, ms. */
    readonly patience_ms?: number
    /** Where its data folder is made; default: the system's folder for temporary files. */
    readonly within?: string
    /** What is done to its data folder before it starts. */
    readonly prepare?: (data: string) => Promise<void>
  } = {},
): Promise<Firstframe> {
  const data = await mkdtemp(join(options.within ?? tmpdir(), 'firstframe-'))
  const port = await freePort()
  const consolePort = await freePort()
  let child: ChildProcess | undefined
  let text = ''
  const url = `http://127.0.0.1:${port}`
  const exited = (entry: ChildProcess) =>
    entry.exitCode !== null || entry.signalCode !== null
      ? Promise.resolve(entry.exitCode)
      : new Promise<number | null>((resolve) => entry.once('exit', (code) => resolve(code)))
  const self: Firstframe = {
    url,
    consoleUrl: `http://127.0.0.1:${consolePort}`,
    data,
    serverKey: () => readFileSync(join(data, 'server-key'), 'utf8').trim(),
    pid: () => child!.pid!,
    output: () => text,
    exitCode: () => child?.exitCode ?? child?.signalCode ?? undefined,
    async start({ ready = true } = {}) {
      const began = performance.now()
      child = spawn(
        options.node ?? process.execPath,
        [
          options.program ?? PROGRAM,
          options.role ?? 'all',
          '--port',
          String(port),
          '--host',
          '127.0.0.1',
          '--console-port',
          String(consolePort),
          '--data',
          data,
          ...(options.args ?? []),
        ],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
      )
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on('data', (chunk: Buffer) => {
          text += String(chunk)
        })
      }
      const own = child
      for (;;) {
        if (own.exitCode !== null)
          throw new Error(`firstframe ended with ${own.exitCode}:\n${text.slice(-4000)}`)
        if (performance.now() - began > (options.patience_ms ?? 60_000))
          throw new Error(`firstframe does not answer:\n${text.slice(-4000)}`)
        const answer = await fetch(`${url}/readyz`).catch(() => undefined)
        if (answer?.ok || (!ready && answer !== undefined)) return performance.now() - began
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async kill() {
      child!.kill('SIGKILL')
      await exited(child!)
    },
    async stop() {
      child!.kill('SIGTERM')
      return exited(child!)
    },
    async dispose() {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) await self.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
  await options.prepare?.(data)
  await self.start()
  return self
}
