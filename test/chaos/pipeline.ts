import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kafka, startKafka } from '../kafka/start.ts'
import { freePort } from '../stream/freePort.ts'
import { createPart, type Part } from './part.ts'

export interface Pipeline {
  readonly kafka: Kafka
  readonly collectors: readonly Part[]
  readonly writers: readonly Part[]
  readonly watchers: readonly Part[]
  readonly store: Part
  readonly console: Part | undefined
  readonly parts: readonly Part[]
  /** SQL as the store's writing user; tried until the store answers, within a minute. */
  query<T>(sql: string): Promise<T[]>
  /** Stops everything and removes the data. */
  dispose(): Promise<void>
}

export interface PipelineOptions {
  readonly brokers: 1 | 3
  readonly partitions?: number
  readonly collectors?: number
  readonly writers?: number
  readonly watchers?: number
  readonly console?: boolean
  /** More settings, of every role. */
  readonly environment?: Readonly<Record<string, string>>
  /** Writers reach the store by this address instead, to be slowed or cut off. */
  readonly storeUrl?: (url: string) => Promise<string>
}

const PASSWORD = 'of-the-test'

/** Every role as a process of its own, on real Kafka brokers, with `firstframe store` as the ClickHouse end. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const root = await mkdtemp(join(tmpdir(), 'firstframe-roles-'))
  const kafka = await startKafka({ brokers: options.brokers })
  const storePort = await freePort()
  const storeUrl = `http://127.0.0.1:${storePort}`
  const shown = (await options.storeUrl?.(storeUrl)) ?? storeUrl
  const shared = {
    FIRSTFRAME_LOG_KIND: 'kafka',
    FIRSTFRAME_VIEWER_SALT: 'the same on all collectors',
    FIRSTFRAME_LOG_BROKERS: kafka.bootstrap.join(','),
    FIRSTFRAME_LOG_PARTITIONS: String(options.partitions ?? 4),
    FIRSTFRAME_STORE_PASSWORD: PASSWORD,
    FIRSTFRAME_STORE_READER_PASSWORD: PASSWORD,
    FIRSTFRAME_LOG_LEVEL: 'warn',
    FIRSTFRAME_TENANTS: '[{"name":"chaos","key":"chaos-key","server_keys":[{"key":"chaos-server-key"}]}]',
    FIRSTFRAME_GEO: 'false',
    FIRSTFRAME_HOST: '127.0.0.1',
    ...options.environment,
  }
  const make = async (role: string, index: number, port: number, more: Record<string, string>) =>
    createPart({
      name: `${role}-${index + 1}`,
      role,
      url: `http://127.0.0.1:${port}`,
      healthPort: await freePort(),
      environment: { ...shared, FIRSTFRAME_DATA: join(root, `${role}-${index + 1}`), ...more },
    })
  const several = async (role: string, count: number, more: () => Promise<Record<string, string>>) => {
    const parts: Part[] = []
    for (let index = 0; index < count; index += 1) {
      const settings = await more()
      parts.push(await make(role, index, Number(settings.FIRSTFRAME_PORT ?? 0), settings))
    }
    return parts
  }
  const store = await make('store', 0, storePort, { FIRSTFRAME_STORE_PORT: String(storePort) })
  const collectors = await several('collector', options.collectors ?? 2, async () => ({
    FIRSTFRAME_PORT: String(await freePort()),
  }))
  const atStore = async () => ({ FIRSTFRAME_STORE_URL: shown })
  const writers = await several('write', options.writers ?? 2, atStore)
  const watchers = await several('watch', options.watchers ?? 2, async () => ({}))
  const consolePort = await freePort()
  const page = options.console
    ? await make('console', 0, consolePort, {
        FIRSTFRAME_STORE_URL: storeUrl,
        FIRSTFRAME_CONSOLE_PORT: String(consolePort),
      })
    : undefined
  const parts = [store, ...collectors, ...writers, ...watchers, ...(page === undefined ? [] : [page])]

  async function dispose(): Promise<void> {
    await Promise.all(parts.map((part) => part.kill()))
    await kafka.stop()
    await rm(root, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await Promise.all(parts.map((part) => part.start()))
  } catch (error) {
    await dispose()
    throw error
  }
  const authorization = `Basic ${Buffer.from(`default:${PASSWORD}`).toString('base64')}`
  return {
    kafka,
    collectors,
    writers,
    watchers,
    store,
    console: page,
    parts,
    dispose,
    async query<T>(sql: string): Promise<T[]> {
      for (const end = performance.now() + 60_000; ; ) {
        try {
          const answer = await fetch(`${storeUrl}/?default_format=JSONEachRow&database=firstframe`, {
            method: 'POST',
            body: sql,
            headers: { authorization },
          })
          const text = await answer.text()
          if (!answer.ok) throw new Error(text)
          return text
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as T)
        } catch (error) {
          if (performance.now() > end) throw error
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
      }
    },
  }
}
