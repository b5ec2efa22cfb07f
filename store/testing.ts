import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Emit } from '../schemas/facts.ts'
import { createStore, type Store } from './client.ts'
import type { StoreServerOptions } from './server/startStoreServer.ts'
import { type StoreSupervisor, superviseStore } from './supervisor.ts'

const ENTRY = join(dirname(fileURLToPath(import.meta.url)), 'server/entry.ts')

export interface TestStore {
  readonly url: string
  /** The read-write user's. */
  readonly user: string
  readonly password: string
  /** The read-only user's name; it has no password. */
  readonly reader: string
  /** Connected with the read-write user. */
  readonly store: Store
  readonly supervisor: StoreSupervisor
  readonly dir: string
  stop(): Promise<void>
}

/** The command that runs a store process from the sources. */
export const STORE_COMMAND = [process.execPath, '--import', 'tsx', ENTRY] as const

/** A real store in a directory of its own, in a process of its own; ready in about a second. */
export async function startTestStore(
  options: {
    /** Kept after `stop` when given. */
    readonly dir?: string
    readonly emit?: Emit
    readonly server?: Partial<StoreServerOptions>
    readonly hung_ms?: number
    /** Starts the store process; by default STORE_COMMAND. */
    readonly command?: readonly [string, ...string[]]
  } = {},
): Promise<TestStore> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'firstframe-store-')))
  const user = 'firstframe'
  const password = randomBytes(12).toString('hex')
  const supervisor = await superviseStore({
    command: options.command ?? STORE_COMMAND,
    env: process.env,
    store: {
      dir,
      host: '127.0.0.1',
      port: 0,
      maxMemory_bytes: 2e9,
      ...options.server,
      users: [
        { name: user, password, access: 'write' },
        { name: 'reader', password: '', access: 'read' },
        ...(options.server?.users ?? []),
      ],
    },
    emit: options.emit ?? (() => undefined),
    clock: () => performance.now(),
    // A test that computes for long does not hear the store meanwhile, which does not hang.
    hung_ms: options.hung_ms ?? 120_000,
    backoff: { first_ms: 10, last_ms: 100, steady_ms: 1_000 },
  })
  const store = createStore({ url: supervisor.url, user, password })
  return {
    url: supervisor.url,
    user,
    password,
    reader: 'reader',
    store,
    supervisor,
    dir,
    async stop() {
      await store.close()
      await supervisor.stop()
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}

/** One request as any HTTP client would send it; arguments go into the URL. */
export async function askStore(
  { url, user, password }: Pick<TestStore, 'url'> & { readonly user: string; readonly password?: string },
  request: {
    readonly args?: Readonly<Record<string, string>>
    readonly body?: string | Uint8Array
    readonly headers?: Readonly<Record<string, string>>
    readonly method?: string
    readonly signal?: AbortSignal
  },
): Promise<{
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
}> {
  const response = await fetch(`${url}/?${new URLSearchParams(request.args)}`, {
    method: request.method ?? 'POST',
    headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password ?? '', ...request.headers },
    ...(request.body !== undefined && { body: request.body as never }),
    ...(request.signal && { signal: request.signal }),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() }
}
