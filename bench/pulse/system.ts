import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childOf, cpuOf, type Part } from '../../test/chaos/part.ts'
import { startPipeline } from '../../test/chaos/pipeline.ts'
import { freePort } from '../../test/stream/freePort.ts'
import type { PlayersCommand, PlayersCount, PlayersOptions } from './players.ts'

export type Mode = 'embedded' | 'kafka'

/** A running Firstframe, and what each kind of its processes has cost until now. */
export interface System {
  readonly urls: readonly string[]
  readonly key: string
  /** Processor time by role until now, s. */
  cpu_s(): Record<string, number>
  /** Processes of a role. */
  readonly processes: Readonly<Record<string, number>>
  /** Our own Node.js processes by role. */
  readonly pids: Readonly<Record<string, readonly number[]>>
  query<T>(sql: string): Promise<T[]>
  dispose(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../main/firstframe.mjs', import.meta.url))
/** As `npm start` and the image set it. */
export const YOUNG_SPACE = '--max-semi-space-size=32'
const TRUSTED = { FIRSTFRAME_TRUSTED_PROXIES: '["127.0.0.1"]', FIRSTFRAME_LOG_LEVEL: 'error' }

export interface SystemOptions {
  readonly mode: Mode
  /** Kafka: collectors, writers and watchers of each. */
  readonly each?: number
  readonly partitions?: number
  /** More of the processes' environment. */
  readonly environment?: Readonly<Record<string, string>>
}

export const startSystem = (options: SystemOptions): Promise<System> =>
  options.mode === 'embedded' ? startEmbedded(options) : startKafka(options)

/** `firstframe all` as `npm start` starts it: main process and the store's. */
async function startEmbedded({ environment }: SystemOptions): Promise<System> {
  const data = await mkdtemp(join(tmpdir(), 'firstframe-bench-'))
  const [port, consolePort] = [await freePort(), await freePort()]
  const child = spawn(
    process.execPath,
    [
      ...[YOUNG_SPACE, PROGRAM, 'all', '--host', '127.0.0.1', '--port', String(port)],
      ...['--console-port', String(consolePort), '--data', data],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...TRUSTED, ...environment } },
  )
  const url = `http://127.0.0.1:${port}`
  await ready(child, url)
  const store = childOf(child.pid!)
  return {
    urls: [url],
    key: 'demo',
    processes: { main: 1, store: 1 },
    pids: { main: [child.pid!] },
    cpu_s: () => ({ main: cpuOf(child.pid!), store: store === undefined ? 0 : cpuOf(store) }),
    async query<T>(sql: string) {
      const answer = await fetch(
        `http://127.0.0.1:${consolePort}/clickhouse/?default_format=JSONEachRow&database=firstframe`,
        { method: 'POST', body: sql },
      )
      return rowsOf<T>(answer.ok, await answer.text())
    },
    async dispose() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      await rm(data, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const rowsOf = <T>(ok: boolean, text: string): T[] => {
  if (!ok) throw new Error(text)
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const end = performance.now() + 90_000; ; ) {
    if (child.exitCode !== null) throw new Error(`firstframe ended with ${child.exitCode}`)
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    if (performance.now() > end) throw new Error('firstframe does not get ready')
    await pause(100)
  }
}

/** Every role as a process of its own, on one real broker. */
async function startKafka({ each = 1, partitions = 4, environment }: SystemOptions): Promise<System> {
  const pipeline = await startPipeline({
    ...{ brokers: 1, collectors: each, writers: each, watchers: each, partitions },
    environment: { ...TRUSTED, NODE_OPTIONS: YOUNG_SPACE, ...environment },
  })
  const { collectors, writers, watchers, store, kafka } = pipeline
  const sum = (parts: readonly Part[]): number => parts.reduce((total, part) => total + part.cpu_s(), 0)
  return {
    urls: collectors.map(({ url }) => url),
    key: 'chaos-key',
    processes: { collector: each, write: each, watch: each, store: 1, kafka: 1 },
    pids: {
      collector: collectors.map(({ pid }) => pid!),
      write: writers.map(({ pid }) => pid!),
      watch: watchers.map(({ pid }) => pid!),
    },
    cpu_s: () => ({
      collector: sum(collectors),
      write: sum(writers),
      watch: sum(watchers),
      store: store.cpu_s(),
      kafka: kafka.brokers.reduce((total, { pid }) => total + (pid === undefined ? 0 : cpuOf(pid)), 0),
    }),
    query: pipeline.query,
    dispose: pipeline.dispose,
  }
}

/** What each role spent between two moments. */
export const spent = (
  before: Record<string, number>,
  after: Record<string, number>,
): Record<string, number> =>
  Object.fromEntries(Object.keys(before).map((role) => [role, after[role]! - before[role]!]))

export interface Players {
  /** What their sessions' names begin with. */
  readonly name: string
  /** What happened since the last count. */
  count(): Promise<PlayersCount>
  /** Sends a beat of a session of its own in the show `fresh`; resolves with when it was answered, ms since the epoch. */
  marker(session: string): Promise<number>
  kill(): void
}

export function startPlayers(given: Omit<PlayersOptions, 'name'> & { readonly name?: string }): Players {
  const options: PlayersOptions = {
    ...given,
    name: given.name ?? `${process.pid.toString(36)}${Date.now().toString(36)}`,
  }
  const program = fileURLToPath(new URL('./players.ts', import.meta.url))
  const child = fork(program, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  async function ask<T extends { type: string }>(command: PlayersCommand): Promise<T> {
    child.send(command)
    for (;;) {
      const [answer] = (await once(child, 'message')) as [T]
      if (answer.type === command.type) return answer
    }
  }
  return {
    name: options.name,
    count: () => ask({ type: 'count' }),
    marker: async (session) =>
      (await ask<{ type: 'marker'; at_ms: number }>({ type: 'marker', session })).at_ms,
    kill: () => void child.kill('SIGKILL'),
  }
}
