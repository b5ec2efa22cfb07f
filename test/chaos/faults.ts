import { setTimeout as pause } from 'node:timers/promises'
import { childOf, type Part } from './part.ts'
import type { Pipeline } from './pipeline.ts'
import type { SlowProxy } from './slowProxy.ts'

export interface FaultContext {
  readonly pipeline: Pipeline
  readonly proxy: SlowProxy
  /** Counts rounds from 0: which of several is hit. */
  readonly round: number
  /** How long a killed process stays away, ms. */
  readonly away_ms: number
  /** How long an engine stays away, or slow, ms. */
  readonly outage_ms: number
}

const hit = async (parts: readonly Part[], { round, away_ms }: FaultContext): Promise<void> => {
  const part = parts[round % parts.length]!
  await part.kill()
  await pause(away_ms)
  await part.start()
}

/** What is done to the pipeline, each until it is mended again. Processes end by SIGKILL. */
export const FAULTS = {
  async broker({ pipeline: { kafka }, round, away_ms }) {
    const broker = kafka.brokers[round % kafka.brokers.length]!
    await broker.kill()
    await pause(away_ms)
    await broker.restart()
  },
  collector: (context) => hit(context.pipeline.collectors, context),
  writer: (context) => hit(context.pipeline.writers, context),
  watcher: (context) => hit(context.pipeline.watchers, context),
  /** In turn the engine alone, whose supervisor starts it again, and both. */
  async store(context) {
    const { store } = context.pipeline
    const engine = store.pid === undefined ? undefined : childOf(store.pid)
    if (context.round % 2 === 0 && engine !== undefined) process.kill(engine, 'SIGKILL')
    else await hit([store], context)
  },
  async kafka_away({ pipeline: { kafka }, outage_ms }) {
    await Promise.all(kafka.brokers.map((broker) => broker.kill()))
    await pause(outage_ms)
    await Promise.all(kafka.brokers.map((broker) => broker.restart()))
  },
  /** Kafka is away, and what may wait on the collectors' disks is soon full: they answer 503 from then on. */
  async spill_full({ pipeline: { kafka, collectors }, outage_ms }) {
    const again = async (other?: Record<string, string>): Promise<void> => {
      for (const collector of collectors) {
        await collector.stop()
        await collector.start(other)
      }
    }
    await again({ FIRSTFRAME_LOG_SPILL_BYTES: String(FULL_BYTES) })
    await Promise.all(kafka.brokers.map((broker) => broker.kill()))
    await pause(outage_ms)
    await Promise.all(kafka.brokers.map((broker) => broker.restart()))
    await again()
  },
  async store_away({ pipeline: { store }, outage_ms }) {
    await store.kill()
    await pause(outage_ms)
    await store.start()
  },
  async store_slow({ proxy, outage_ms }) {
    proxy.slow(10)
    await pause(outage_ms)
    proxy.slow(1)
  },
} as const satisfies Readonly<Record<string, (context: FaultContext) => Promise<void>>>

/** The smallest bound the configuration takes. */
const FULL_BYTES = 1 << 20

export type Fault = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as Fault[]
export const KILLS: readonly Fault[] = ['broker', 'collector', 'writer', 'watcher', 'store']
export const OUTAGES: readonly Fault[] = ['kafka_away', 'store_away', 'store_slow', 'spill_full']
/** While these last nobody can be heard: an encoder is cut after them. */
export const DEAF: readonly Fault[] = ['kafka_away', 'spill_full']
