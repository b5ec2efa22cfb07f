/**
 * What a show of so many viewers needs: `npm run bench -- reckon --viewers 50000000 --sample 0.1`. The formulas of docs/scale.md,
 * and its tables: a test holds them equal.
 */
export interface Show {
  /** Watching at the same time. */
  readonly viewers: number
  /** Share of the players that report; each counts for 1 / sample. */
  readonly sample: number
  /** Events a viewer in one heartbeat's time: the heartbeat, and starts, stalls, interactions. */
  readonly events: number
  /** Between two heartbeats, s. */
  readonly interval_s: number
  readonly hours: number
  /** Partitions of each topic of events. */
  readonly partitions: number
}

export const SHOW: Show = { viewers: 1_000, sample: 1, events: 1.3, interval_s: 10, hours: 3, partitions: 4 }

/** Measured on one of two shared virtual cores, with the command beside it: put in what yours says. */
export const MEASURED = {
  /** Processor time an event in a beacon of its own: `npm run bench -- scale`, less what idling costs. */
  collector_us: 140,
  write_us: 58,
  watch_us: 46,
  /** A row in inserts of a hundred thousand: 4.6 µs (`npm run bench -- insert`), times 2.5 for the rollups' views. Small inserts cost far more. */
  store_us: 12,
  /** A collector's processor time for one tick more to a partition: `npm run bench -- scale`, 24 partitions less 4. */
  tick_us: 121,
  /** A session in the dedupe step of a writer or a watcher: `npm run bench -- sessions`. */
  session_bytes: 222,
  /** A heartbeat in the log, a hundred in a message, and of these with zstd: the same. */
  message_bytes: 427,
  compressed_bytes: 69,
  /** A row on the store's disk: seen at a hundred million (store/README.md). */
  row_bytes: 12.35,
} as const

/** What the design fixes, or what is wise. */
export const GIVEN = {
  /** Share of a core or a disk that is planned with. */
  use: 0.6,
  /** Tables that have a topic, and kinds that are watched. */
  topics: 10,
  kinds: 8,
  judges: 8,
  ticks_per_s: 2,
  replicas: 3,
  /** How long Kafka may be away before a collector answers 503, s. */
  spill_s: 1_800,
  /** Sessions that the dedupe step remembers, by those that watch now: half an hour of coming and going. */
  remembered: 1.5,
  /** Streams' kinds with a number a session: heartbeat, startup, interaction. */
  numbered: 2,
  shard_cores: 16,
} as const

export interface Needs {
  readonly events_per_s: number
  readonly collectors: number
  readonly writers: number
  readonly watchers: number
  readonly rows_per_message: number
  readonly ticks_per_s: number
  readonly tick_cores: number
  readonly kafka_mb_s: number
  readonly kafka_day_tb: number
  readonly writer_memory_gb: number
  readonly spill_gb: number
  readonly store_cores: number
  readonly shards: number
  readonly rows: number
  readonly store_gb: number
}

export function reckon(show: Show): Needs {
  const { viewers, sample, events, interval_s, hours, partitions } = show
  const m = MEASURED
  const events_per_s = (viewers * sample * events) / interval_s
  const collectors = Math.max(2, Math.ceil((events_per_s * m.collector_us) / 1e6 / GIVEN.use))
  // Each collector tells every partition how far it is: work that grows with collectors times partitions.
  const ticks_per_s = collectors * GIVEN.topics * partitions * GIVEN.ticks_per_s
  const needed = (us: number) =>
    Math.min(partitions, Math.max(2, Math.ceil((events_per_s * us) / 1e6 / GIVEN.use)))
  const writers = needed(m.write_us)
  const watchers = needed(m.watch_us)
  const store_cores = (events_per_s * m.store_us) / 1e6 / GIVEN.use
  const sessions = viewers * sample * GIVEN.remembered * GIVEN.numbered
  const rows = events_per_s * hours * 3_600
  return {
    events_per_s,
    collectors,
    writers,
    watchers,
    rows_per_message: events_per_s / collectors / partitions / 5,
    ticks_per_s,
    tick_cores: (ticks_per_s * m.tick_us) / 1e6,
    kafka_mb_s: (events_per_s * m.compressed_bytes * GIVEN.replicas) / 1e6,
    kafka_day_tb: (rows * m.compressed_bytes * GIVEN.replicas) / 1e12,
    writer_memory_gb: (sessions * m.session_bytes) / writers / 1e9,
    spill_gb: ((events_per_s / collectors) * m.message_bytes * GIVEN.spill_s) / 1e9,
    store_cores,
    shards: Math.max(1, Math.ceil(store_cores / GIVEN.shard_cores)),
    rows,
    store_gb: (rows * m.row_bytes) / 1e9,
  }
}
