/** What a show needs, as arithmetic: `firstframe plan`, and the tables of docs/scale.md (a test holds them equal). */

export interface Show {
  /** Watching at the same time. */
  readonly viewers: number
  /** Share of the players that report; each counts for 1 / sample. */
  readonly sample: number
  /** Events a viewer in one heartbeat's time, interactions left out: the heartbeat, and starts and stalls. */
  readonly events: number
  /** Interval between two heartbeats of a player, s. */
  readonly interval_s: number
  /** Interactions of a viewer in a minute. */
  readonly interactions: number
  /** A round: this share of the viewers submits within this many seconds. */
  readonly pulse: { readonly share: number; readonly seconds: number } | undefined
  readonly hours: number
  /** Partitions of each topic of events. */
  readonly partitions: number
}

export const SHOW: Show = {
  ...{ viewers: 1_000, sample: 1, events: 1.1, interval_s: 10, interactions: 1.2 },
  ...{ pulse: undefined, hours: 3, partitions: 4 },
}

/** What was measured on a machine. The benches write each with `--json`; `figures.ts` reads them. */
export interface Figures {
  /** Processor time an event in a beacon of its own, idle cost subtracted. */
  readonly collector_us: number
  readonly write_us: number
  readonly watch_us: number
  /** A row in large inserts, with its rollups. */
  readonly store_us: number
  /** A collector's processor time for one tick more to a partition. */
  readonly tick_us: number
  /** A session in the dedupe step of a writer or a watcher. */
  readonly session_bytes: number
  /** A heartbeat in the log, a hundred in a message, and of these with zstd. */
  readonly message_bytes: number
  readonly compressed_bytes: number
  /** A row on the store's disk. */
  readonly row_bytes: number
}

/** Measured on one of two shared virtual cores; each with its command in `figures.ts`. */
export const MEASURED: Figures = {
  ...{ collector_us: 140, write_us: 58, watch_us: 46 },
  // 4.6 µs a row in inserts of a hundred thousand, times 2.5 for the rollups' views. Small inserts cost far more.
  store_us: 12,
  ...{ tick_us: 121, session_bytes: 222, message_bytes: 427, compressed_bytes: 69, row_bytes: 12.35 },
}

/** Constants of the design, and margins. */
export const GIVEN = {
  /** Planned utilisation of a core or a disk, as a share of 1. */
  use: 0.6,
  /** Kinds that are watched. A collector ticks in every partition of each; where it has no rows, the tick is a message of its own. */
  kinds: 9,
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
  /** What a writer, a watcher and a collector hold before the first session, GB. */
  base_gb: 0.3,
  /** A beacon of one event with the headers of its request, and the head of its answer (204), bytes on the wire. */
  beacon_bytes: 1_100,
  answer_bytes: 250,
  /** Copies of the store's rows, and its cores for merges and queries beside each that inserts. */
  copies: 2,
  reading: 1,
} as const

export interface Needs {
  readonly events_per_s: number
  readonly peak_per_s: number
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
  readonly in_mb_s: number
  readonly egress_gb: number
}

/** What a show of this size needs in processors, memory and disks. `m`: measured figures. */
export function reckon(show: Show, m: Figures = MEASURED): Needs {
  const { viewers, sample, events, interval_s, interactions, pulse, hours, partitions } = show
  const events_per_s = viewers * sample * (events / interval_s + interactions / 60)
  const peak_per_s =
    events_per_s + (pulse === undefined ? 0 : (viewers * sample * pulse.share) / pulse.seconds)
  const collectors = Math.max(2, Math.ceil((peak_per_s * m.collector_us) / 1e6 / GIVEN.use))
  // Each collector ticks in every partition: this work grows with collectors × partitions.
  const ticks_per_s = collectors * GIVEN.kinds * partitions * GIVEN.ticks_per_s
  const needed = (us: number) =>
    Math.min(partitions, Math.max(2, Math.ceil((events_per_s * us) / 1e6 / GIVEN.use)))
  const writers = needed(m.write_us)
  const watchers = needed(m.watch_us)
  const store_cores = (events_per_s * m.store_us) / 1e6 / GIVEN.use
  const sessions = viewers * sample * GIVEN.remembered * GIVEN.numbered
  const rows = events_per_s * hours * 3_600
  return {
    events_per_s,
    peak_per_s,
    collectors,
    writers,
    watchers,
    rows_per_message: events_per_s / collectors / partitions / 5,
    ticks_per_s,
    tick_cores: (ticks_per_s * m.tick_us) / 1e6,
    kafka_mb_s: (events_per_s * m.compressed_bytes * GIVEN.replicas) / 1e6,
    kafka_day_tb: (rows * m.compressed_bytes * GIVEN.replicas) / 1e12,
    writer_memory_gb: (sessions * m.session_bytes) / writers / 1e9,
    spill_gb: ((peak_per_s / collectors) * m.message_bytes * GIVEN.spill_s) / 1e9,
    store_cores,
    shards: Math.max(1, Math.ceil(store_cores / GIVEN.shard_cores)),
    rows,
    store_gb: (rows * m.row_bytes) / 1e9,
    in_mb_s: (peak_per_s * GIVEN.beacon_bytes) / 1e6,
    egress_gb: (rows * GIVEN.answer_bytes) / 1e9,
  }
}

/** Partitions that writers and watchers need: one core each at the planned utilisation. */
export function partitionsFor(show: Show, m: Figures = MEASURED): number {
  const { events_per_s } = reckon({ ...show, partitions: Number.MAX_SAFE_INTEGER }, m)
  const cores = Math.ceil((events_per_s * Math.max(m.write_us, m.watch_us)) / 1e6 / GIVEN.use)
  return Math.max(4, Math.ceil(cores / 4) * 4)
}
