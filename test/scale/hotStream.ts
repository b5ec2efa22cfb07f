import { setTimeout as pause } from 'node:timers/promises'
import { partitionOf } from '../../collector/rows/partitionOf.ts'
import { openKafkaLog } from '../../log/kafka.ts'
import type { Log, LogMessage } from '../../log/log.ts'
import type { Judge } from '../../processor/watch/incident/judge.ts'
import { kindOf } from '../../processor/watch/sourceTopics.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import { WATCHED } from '../../processor/watch/windows/watched.ts'
import { startWriter } from '../../processor/write/writer.ts'
import { type Builder, createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint, schemaMessage } from '../../schemas/arrow/schema.ts'
import { ddl } from '../../schemas/derive/ddl.ts'
import { measureOverRaw, measureOverRollup } from '../../schemas/sql.ts'
import { HEADERS, STATE_TOPICS, topicOf, topics } from '../../schemas/topics.ts'
import { startTestStore } from '../../store/testing.ts'
import { startKafka } from '../kafka/start.ts'

export interface HotStreamOptions {
  /** Sessions, all on one stream, each with one heartbeat. */
  readonly sessions: number
  readonly partitions: number
  readonly watchers: number
  readonly tell?: (line: string) => void
}

export interface HotStreamReport {
  readonly sessions: number
  /** The fullest partition's rows by the mean. */
  readonly fullest: number
  /** Source partitions of heartbeats that each watcher read. */
  readonly shares: readonly number[]
  /** How many watchers judged the stream: one, whoever that is. */
  readonly judges: number
  /** Sums compared: the merged partials', the raw rows' and the rollup's; and those that differ. */
  readonly compared: number
  readonly differing: readonly string[]
  /** From the first row to the last second judged, s. */
  readonly seconds: number
}

const SECONDS = 20
const MESSAGE_ROWS = 1_000
const CDNS = ['a', 'b', 'c'] as const
const MEASURES = WATCHED.heartbeat

/** Like random numbers, but the same each time. */
const mixed = (value: number): number => (Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 8) & 0xffff

/**
 * One stream that everybody watches: its sessions are hashed over all partitions of real Kafka, several watchers take their
 * shares, hand on partials, and one of them adds these up. What it then has is compared with SQL over the raw rows and the
 * rollup that the writer filled from the same log.
 */
export async function runHotStream(options: HotStreamOptions): Promise<HotStreamReport> {
  const { sessions, partitions, watchers, tell = () => {} } = options
  const clock = Date.now
  const emit = () => {}
  const closing: (() => Promise<unknown>)[] = []
  const own = <T>(thing: T, close: () => Promise<unknown>): T => {
    closing.unshift(close)
    return thing
  }
  try {
    const kafka = await startKafka({ brokers: 1 })
    own(kafka, () => kafka.stop())
    const store = await startTestStore()
    own(store, () => store.stop())
    for (const statement of ddl({ database: 'firstframe' })) await store.store.exec(statement)
    const open = async (name: string): Promise<Log> => {
      const log = await openKafkaLog({
        brokers: kafka.bootstrap,
        clientId: name,
        topics: topics(partitions),
        emit,
        clock,
      })
      return own(log, () => log.close())
    }
    const log = await open('collector')
    await log.append([
      {
        topic: STATE_TOPICS.schema.name,
        partition: 0,
        key: fingerprint('heartbeat'),
        headers: { [HEADERS.type]: 'schema', [HEADERS.schema]: fingerprint('heartbeat'), table: 'heartbeat' },
        value: schemaMessage('heartbeat'),
      },
    ])
    const first = Math.floor(clock() / 10_000) * 10_000
    const seen = Array.from({ length: watchers }, () => new Map<string, number>())
    const shares = Array.from({ length: watchers }, () => new Set<number>())
    const watching = await Promise.all(
      seen.map(async (sums, index) => {
        const inner = await open(`watcher-${index}`)
        const judge = () => looking(sums, first)
        return startWatcher({
          log: counting(inner, shares[index]!),
          createJudge: judge,
          plans: new Map(),
          emit,
          clock,
        })
      }),
    )
    for (const entry of watching) own(entry, () => entry.close())
    const writer = await startWriter({ log: await open('writer'), store: store.store, emit, clock })
    own(writer, () => writer.close())

    const perPartition = new Array<number>(partitions).fill(0)
    const began = performance.now()
    const tick = (time_ms: number): LogMessage[] =>
      [...kindOf.keys()].flatMap((topic) =>
        Array.from({ length: partitions }, (_, partition) => ({
          topic,
          partition,
          headers: { [HEADERS.type]: 'tick', [HEADERS.collector]: 'one', [HEADERS.time]: String(time_ms) },
          value: new Uint8Array(),
        })),
      )
    await log.append(tick(first))
    for (let second = 0; second < SECONDS; second += 1) {
      const messages: LogMessage[] = []
      const builders = new Map<number, Builder>()
      const finish = (partition: number, builder: Builder): void => {
        const headers = {
          [HEADERS.type]: 'rows',
          [HEADERS.schema]: fingerprint('heartbeat'),
          [HEADERS.rows]: String(builder.rows),
        }
        messages.push({ topic: topicOf('heartbeat'), partition, headers, value: builder.finish() })
        builders.delete(partition)
      }
      for (let number = second; number < sessions; number += SECONDS) {
        const session = sessionName(number)
        const partition = partitionOf(session, partitions)
        perPartition[partition]! += 1
        let builder = builders.get(partition)
        if (builder === undefined) builders.set(partition, (builder = createBuilder('heartbeat')))
        builder.pushRow(rowOf(number, session, first + second * 1000 + (number % 1000)))
        if (builder.rows === MESSAGE_ROWS) finish(partition, builder)
      }
      for (const [partition, builder] of [...builders]) finish(partition, builder)
      // Of the partitions next to each other, so that no request grows with the audience.
      for (let from = 0; from < messages.length; from += 60) await log.append(messages.slice(from, from + 60))
      await log.append(tick(first + (second + 1) * 1000))
    }
    tell(`${sessions} heartbeats are in the log after ${Math.round((performance.now() - began) / 1000)} s`)

    const done = first + SECONDS * 1000
    const judged = () => seen.filter((sums) => sums.has(`${MEASURES[0]} a ${done}`))
    const rows = async () =>
      Number(
        (await store.store.query<{ n: number }>('SELECT sum(heartbeats_count) AS n FROM heartbeat_10s'))[0]!
          .n,
      )
    const end = performance.now() + 120_000
    while (judged().length === 0 || (await rows()) < sessions) {
      if (performance.now() > end)
        throw new Error(`judged by ${judged().length} watchers, ${await rows()} rows stored`)
      // Kept alive as a collector keeps it: a tick a second.
      await log.append(tick(done))
      await pause(250)
    }
    const seconds = Math.round((performance.now() - began) / 100) / 10

    const differing: string[] = []
    let compared = 0
    for (const [over, table] of [
      [measureOverRaw, 'heartbeat'],
      [measureOverRollup, 'heartbeat_10s'],
    ] as const) {
      const select = MEASURES.map((name) => `${over(name)} AS ${name}`).join(', ')
      const found = await store.store.query<Record<string, number | string>>(
        `SELECT cdn, ${select} FROM ${table} WHERE NOT synthetic GROUP BY cdn`,
      )
      for (const row of found) {
        for (const measure of MEASURES) {
          const merged = judged()[0]!.get(`${measure} ${row.cdn} ${done}`) ?? 0
          const sql = Number(row[measure])
          compared += 1
          // The store counts distinct sessions by a sketch; the watcher counts them exactly.
          const tolerance = measure.endsWith('_uniq') ? 0.02 : 1e-9
          if (Math.abs(merged - sql) > tolerance * Math.max(1, Math.abs(sql)))
            differing.push(`${measure} of cdn ${row.cdn}: ${merged} merged, ${sql} in ${table}`)
        }
      }
    }
    const mean = sessions / partitions
    return {
      sessions,
      fullest: Math.max(...perPartition) / mean,
      shares: shares.map((share) => share.size),
      judges: judged().length,
      compared,
      differing,
      seconds,
    }
  } finally {
    for (const close of closing) await close()
  }
}

/** As the SDK makes them: nothing in common but their form. */
export const sessionName = (number: number): string =>
  `${mixed(number).toString(16).padStart(4, '0')}${number.toString(36)}-${mixed(number + 7919).toString(36)}`

function rowOf(number: number, session: string, received_time: number) {
  const stalled_ms = number % 50 === 0 ? mixed(number) % 4_000 : 0
  return {
    tenant: 'demo',
    show: 'hot',
    stream: 'main',
    source: 'sdk',
    session,
    seq: 1,
    cdn: CDNS[number % CDNS.length],
    weight: 1,
    interval_ms: 10_000,
    played_ms: 10_000 - stalled_ms,
    stalled_ms,
    stall_count: stalled_ms > 0 ? 1 : 0,
    bitrate_kbps: 1_000 + (number % 7) * 500,
    frames_rendered: 250,
    frames_dropped: number % 11,
    bytes: 1_000_000 + number,
    received_time,
    event_time: received_time,
  }
}

/** A judge that only looks: what has come together of the stream when a second is judged. */
function looking(sums: Map<string, number>, from_ms: number): Judge {
  return {
    evaluate({ views, watermark_ms }) {
      for (const view of views)
        for (const cdn of CDNS)
          for (const measure of MEASURES)
            sums.set(`${measure} ${cdn} ${watermark_ms}`, view.total(measure, from_ms, watermark_ms, { cdn }))
      return { changes: [], state: [] }
    },
    snapshot: () => [],
    restore: () => {},
    plan: () => [],
    planned: [],
    incidents: [],
    seen: () => [],
    setRules: () => {},
  }
}

/** The log as it is, noting which partitions of heartbeats come to its reader. */
const counting = (log: Log, share: Set<number>): Log => ({
  topics: log.topics,
  append: (messages) => log.append(messages),
  replay: (options) => log.replay(options),
  bounds: (partition) => log.bounds(partition),
  health: () => log.health(),
  close: () => log.close(),
  subscribe: (subscribe) =>
    log.subscribe({
      ...subscribe,
      assigned: async (assignment) => {
        if (assignment.topic === topicOf('heartbeat')) share.add(assignment.partition)
        return subscribe.assigned?.(assignment)
      },
      revoked: async (partition) => {
        if (partition.topic === topicOf('heartbeat')) share.delete(partition.partition)
        await subscribe.revoked?.(partition)
      },
    }),
})
