import { type ChildProcess, spawn } from 'node:child_process'
import type { Emit } from '../schemas/facts.ts'
import { POOL_THREADS, type StoreServerOptions } from './server/startStoreServer.ts'
import type { FromStore, ToStore } from './server/supervised.ts'

export interface SuperviseOptions {
  /** What to run, e.g. `[process.execPath, 'main/firstframe.mjs', 'store']`; it must call runSupervisedStore(). */
  readonly command: readonly [string, ...string[]]
  /** The environment to hand on. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly store: Omit<StoreServerOptions, 'clock'>
  readonly emit: Emit
  /** Milliseconds. */
  readonly clock: () => number
  /** Waits before a restart: the first, doubled up to the last; after `steady_ms` of life it begins anew. */
  readonly backoff?: { readonly first_ms: number; readonly last_ms: number; readonly steady_ms: number }
  /** A start that takes longer is ended and tried again. */
  readonly ready_ms?: number
  /** A store whose engine does not answer for so long is ended and started again. */
  readonly hung_ms?: number
}

export interface StoreSupervisor {
  /** Stays the same over restarts. */
  readonly url: string
  readonly version: string
  /** True while the store answers. */
  readonly ready: boolean
  readonly pid: number | undefined
  readonly restarts: number
  /** How long the last start took, in milliseconds. */
  readonly start_ms: number
  /** Resolves as soon as the store answers (again). */
  whenReady(signal?: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** Longer than any pause that a busy machine makes. */
const HUNG_MS = 60_000
/** How often the engine is asked in that time. */
const LOOKS = 6
const BACKOFF = { first_ms: 100, last_ms: 5_000, steady_ms: 30_000 }

/**
 * Runs the store as a child process and keeps it running: restarts with back-off, on the same port. Resolves when the
 * first start answers; throws when that fails (a directory in use, a port taken).
 */
export async function superviseStore(options: SuperviseOptions): Promise<StoreSupervisor> {
  const backoff = options.backoff ?? BACKOFF
  const [program, ...args] = options.command
  const state = {
    url: '',
    version: '',
    ready: false,
    restarts: 0,
    start_ms: 0,
    wait_ms: backoff.first_ms,
    child: undefined as ChildProcess | undefined,
    stopping: false,
    timer: undefined as NodeJS.Timeout | undefined,
  }
  const waiting = new Set<() => void>()
  let first: { resolve: () => void; reject: (error: Error) => void } | undefined

  const launch = () => {
    const began = options.clock()
    const port = state.url === '' ? options.store.port : Number(new URL(state.url).port)
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // libuv reads its pool's size when the process starts: each query holds a thread of it
      env: { ...options.env, UV_THREADPOOL_SIZE: String(POOL_THREADS), TZ: 'UTC' },
      serialization: 'advanced',
    })
    state.child = child
    let why = ''
    let unanswered = 0
    const hung_ms = options.hung_ms ?? HUNG_MS
    const watch = setInterval(() => {
      if (!state.ready) return
      // Questions are counted, not time: when this process was stopped itself, it has not asked.
      if (unanswered > LOOKS) {
        why = `its engine did not answer for ${hung_ms} ms`
        child.kill('SIGKILL')
      } else {
        unanswered += 1
        tell(child, { type: 'alive?' })
      }
    }, hung_ms / LOOKS)
    const slow = setTimeout(() => child.kill('SIGKILL'), options.ready_ms ?? 60_000)
    child.on('message', (message: FromStore) => {
      if (message.type === 'up') tell(child, { type: 'start', options: { ...options.store, port } })
      else if (message.type === 'failed') why = message.message
      else if (message.type === 'alive') unanswered = 0
      else {
        unanswered = 0
        clearTimeout(slow)
        state.url = message.url
        state.version = message.version
        state.start_ms = options.clock() - began
        state.ready = true
        options.emit({ type: 'store_ready', start_seconds: state.start_ms / 1000, restarts: state.restarts })
        first?.resolve()
        first = undefined
        for (const resolve of waiting) resolve()
        waiting.clear()
      }
    })
    child.on('error', (error) => {
      why = error.message
      if (child.pid === undefined) died(null, null)
    })
    child.on('exit', (code, signal) => died(code, signal))

    const died = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(slow)
      clearInterval(watch)
      state.ready = false
      state.child = undefined
      if (state.stopping) return
      if (first) {
        state.stopping = true
        first.reject(new Error(`the store did not start: ${why || signal || `exit code ${code}`}`))
        return
      }
      options.emit({ type: 'store_died', cause: why || signal || `exit code ${code}` })
      if (options.clock() - began > backoff.steady_ms) state.wait_ms = backoff.first_ms
      state.timer = setTimeout(launch, state.wait_ms)
      state.wait_ms = Math.min(state.wait_ms * 2, backoff.last_ms)
      state.restarts++
    }
  }

  const started = new Promise<void>((resolve, reject) => {
    first = { resolve, reject }
  })
  launch()
  await started

  return {
    get url() {
      return state.url
    },
    get version() {
      return state.version
    },
    get ready() {
      return state.ready
    },
    get pid() {
      return state.child?.pid
    },
    get restarts() {
      return state.restarts
    },
    get start_ms() {
      return state.start_ms
    },
    whenReady(signal) {
      if (state.ready) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const done = () => {
          signal?.removeEventListener('abort', gaveUp)
          resolve()
        }
        const gaveUp = () => {
          waiting.delete(done)
          reject(new Error('the store is not ready', { cause: signal?.reason }))
        }
        waiting.add(done)
        signal?.addEventListener('abort', gaveUp, { once: true })
      })
    },
    async stop() {
      state.stopping = true
      clearTimeout(state.timer)
      const { child } = state
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      tell(child, { type: 'stop' })
      await gone
    },
  }
}

function tell(child: ChildProcess, message: ToStore): void {
  if (child.connected) child.send(message)
}
