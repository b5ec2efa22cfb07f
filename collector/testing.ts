import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type EmbeddedLog, openEmbeddedLog } from '../log/embedded.ts'
import { readBatch } from '../schemas/arrow/reader.ts'
import { columnsOf, type Table } from '../schemas/derive/columns.ts'
import type { Fact } from '../schemas/facts.ts'
import { HEADERS, topicOf, topics } from '../schemas/topics.ts'
import { type Collector, createCollector } from './collector.ts'
import type { CollectorOptions } from './options.ts'

/** A whole collector with a real embedded log in a folder of its own. */
export interface TestCollector {
  readonly collector: Collector
  readonly log: EmbeddedLog
  readonly facts: Fact[]
  /** The rows of a table that stand in the log, in order, as objects. */
  rows(table: Table): Promise<Record<string, unknown>[]>
  /** Sends a body, by default as a beacon, without a port; again as long as a busy machine makes the collector ask for that. */
  post(
    body: unknown,
    more?: { url?: string; headers?: Record<string, string> },
  ): Promise<{ status: number; body: string; headers: Record<string, unknown> }>
  close(): Promise<void>
}

/** The server key of the tenant `demo` in tests. */
export const SERVER_KEY = 'server-key-of-demo'

export const NOW = Date.UTC(2026, 10, 20, 12)

export async function startTestCollector(
  options: Partial<CollectorOptions> & { partitions?: number } = {},
): Promise<TestCollector> {
  const path = await mkdtemp(join(tmpdir(), 'collector-'))
  const facts: Fact[] = []
  const emit = (fact: Fact) => void facts.push(fact)
  const clock = options.clock ?? (() => NOW)
  const log = await openEmbeddedLog({ path, topics: topics(options.partitions ?? 1), emit, clock })
  const collector = createCollector({
    log,
    name: 'test',
    emit,
    clock,
    salt: 'test',
    demo: true,
    addresses: false,
    tickEvery_ms: 1e6,
    batching: { linger_ms: 1 },
    ...options,
    keys: { [SERVER_KEY]: { tenant: 'demo', role: 'server' }, ...options.keys },
  })
  return {
    collector,
    log,
    facts,
    async rows(table) {
      await collector.flush()
      const topic = topicOf(table)
      const names = columnsOf(table).map(({ name }) => name)
      const found: Record<string, unknown>[] = []
      for (let partition = 0; partition < log.topics.get(topic)!.partitions; partition += 1)
        for await (const record of log.replay({ topic, partition })) {
          if (record.headers[HEADERS.type] !== 'rows') continue
          const batch = readBatch(table, record.value, names)
          for (let row = 0; row < batch.rows; row += 1)
            found.push(Object.fromEntries(names.map((name) => [name, batch.column(name).at(row)])))
        }
      return found
    },
    async post(body, { url = '/v1/beacons?key=demo', headers = { 'content-type': 'text/plain' } } = {}) {
      const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      for (let tries = 0; ; tries += 1) {
        const answer = await collector.app.inject({ method: 'POST', url, headers, payload })
        const isBusy = answer.statusCode === 503 && answer.body.includes('"overloaded"')
        if (!isBusy || tries === 500)
          return { status: answer.statusCode, body: answer.body, headers: answer.headers }
        await pause(20)
      }
    },
    async close() {
      await collector.close()
      await log.close()
      await rm(path, { recursive: true })
    },
  }
}
