import { type StoreServerOptions, startStoreServer } from './startStoreServer.ts'

/** What the parent says to the store process, and what that answers: by IPC, so that no secret stands in argv. */
export type ToStore =
  | { readonly type: 'start'; readonly options: Omit<StoreServerOptions, 'clock'> }
  | { readonly type: 'stop' }
  | { readonly type: 'alive?' }
export type FromStore =
  | { readonly type: 'up' }
  | { readonly type: 'ready'; readonly url: string; readonly version: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'alive' }

/** How long requests that run may take to end once the store is asked to stop. */
const STOP_MS = 5_000

/**
 * The life of a supervised store process: it waits for its options, serves, and ends when it is told to or when its
 * parent is gone. It ends by SIGKILL: `process.exit` would wait for queries that run, and the data is safe either way.
 */
export function runSupervisedStore(): void {
  const send = (message: FromStore) => process.send?.(message)
  const end = () => process.kill(process.pid, 'SIGKILL')
  let stop: () => Promise<void> = async () => undefined
  let alive: () => Promise<void> = async () => undefined
  process.on('disconnect', end)
  // Ctrl-C reaches the whole process group; the parent says when the store may go, after the writers
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  process.on('message', (message: ToStore) => {
    if (message.type === 'stop') {
      setTimeout(end, STOP_MS)
      void stop().finally(end)
      return
    }
    if (message.type === 'alive?') {
      // an engine that hangs, or fails at the simplest, says nothing; the parent draws its conclusion
      alive().then(
        () => send({ type: 'alive' }),
        () => undefined,
      )
      return
    }
    startStoreServer({ ...message.options, clock: () => performance.now() }).then(
      (server) => {
        stop = () => server.close()
        alive = () => server.alive()
        send({ type: 'ready', url: server.url, version: server.version })
      },
      (error: unknown) => {
        send({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
        setTimeout(end, 50)
      },
    )
  })
  send({ type: 'up' })
}
