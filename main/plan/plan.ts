import type { ReadFigures } from './figures.ts'
import { GIVEN, type Needs, reckon, type Show } from './needs.ts'
import { short } from './table.ts'

/** The operator’s prices; a missing price counts as 0. */
export interface Prices {
  /** A core for an hour, a GB of memory for an hour. */
  readonly core_hour?: number
  readonly gb_hour?: number
  /** A GB of disk for a month. */
  readonly disk_gb_month?: number
  /** A GB that leaves the data centre. */
  readonly egress_gb?: number
}

/** One line of a plan: a figure, and how it was derived. */
export interface PlanLine {
  readonly name: keyof Totals | keyof Needs | 'partitions'
  readonly text: string
  readonly value: number
  readonly unit: string
  readonly from: string
  /** How it grows. */
  readonly grows: string
}

interface Totals {
  readonly cores: number
  readonly memory_gb: number
  readonly disk_gb: number
  readonly price: number
}

export interface Plan {
  readonly show: Show
  readonly figures: ReadFigures
  readonly lines: readonly PlanLine[]
  /** What was assumed, in words. */
  readonly assumed: readonly string[]
}

const HOURS_OF_MONTH = 730

/** What a show needs, line by line, each with its derivation. */
export function planOf(show: Show, read: ReadFigures, prices: Prices = {}): Plan {
  const { figures: m } = read
  const n = reckon(show, m)
  const { viewers, sample, events, interval_s, interactions, pulse, hours, partitions } = show
  const use = GIVEN.use
  const store_cores = n.store_cores * (1 + GIVEN.reading) * GIVEN.copies
  const kafka_cores = Math.max(GIVEN.replicas, (n.kafka_mb_s / 100) * GIVEN.replicas)
  const cores = n.collectors + n.tick_cores / use + n.writers + n.watchers + store_cores + kafka_cores
  const processes = n.collectors + n.writers + n.watchers
  const memory_gb =
    processes * GIVEN.base_gb +
    (n.writers + n.watchers) * n.writer_memory_gb +
    4 * (store_cores + kafka_cores)
  const disk_gb = n.kafka_day_tb * 1_000 + n.store_gb * GIVEN.copies + n.spill_gb * n.collectors
  const priced: readonly (readonly [string, number, number | undefined])[] = [
    [`${short(cores)} cores × ${hours} h`, cores * hours, prices.core_hour],
    [`${short(memory_gb)} GB of memory × ${hours} h`, memory_gb * hours, prices.gb_hour],
    [`${short(disk_gb)} GB of disk for ${hours} h`, (disk_gb * hours) / HOURS_OF_MONTH, prices.disk_gb_month],
    [`${short(n.egress_gb)} GB of answers`, n.egress_gb, prices.egress_gb],
  ]
  const price = priced.reduce((sum, [, amount, each = 0]) => sum + amount * each, 0)
  const line = (
    name: PlanLine['name'],
    text: string,
    value: number,
    unit: string,
    from: string,
    grows: string,
  ): PlanLine => ({ name, text, value, unit, from, grows })
  const E = short(n.events_per_s)
  const peak = short(n.peak_per_s)
  const lines = [
    line(
      ...(['events_per_s', 'events', n.events_per_s, '/s'] as const),
      `${short(viewers)} viewers × ${sample} that report × (${events} / ${interval_s} s + ${interactions} / 60 s)`,
      'viewers, sample, 1 / heartbeat',
    ),
    line(
      ...(['peak_per_s', '… in a round', n.peak_per_s, '/s'] as const),
      pulse === undefined
        ? 'no round was given'
        : `+ ${pulse.share} of the viewers within ${pulse.seconds} s`,
      'viewers × share / seconds',
    ),
    line(
      ...(['partitions', 'partitions of a topic', partitions, ''] as const),
      'given, or so many that neither writers nor watchers wait',
      'events',
    ),
    line(
      ...(['collectors', 'collectors', n.collectors, 'cores'] as const),
      `${peak}/s × ${short(m.collector_us)} µs / ${use}`,
      'events of a round',
    ),
    line(
      ...(['tick_cores', '… their cores for ticks', n.tick_cores, 'cores'] as const),
      `${n.collectors} collectors × ${GIVEN.kinds} kinds × ${partitions} partitions × ${GIVEN.ticks_per_s}/s × ${short(m.tick_us)} µs`,
      'collectors × partitions: the square of events',
    ),
    line(
      ...(['writers', 'writers', n.writers, 'cores'] as const),
      `${E}/s × ${short(m.write_us)} µs / ${use}, at most one a partition`,
      'events',
    ),
    line(
      ...(['watchers', 'watchers', n.watchers, 'cores'] as const),
      `${E}/s × ${short(m.watch_us)} µs / ${use}, at most one a partition`,
      'events',
    ),
    line(
      ...([
        'writer_memory_gb',
        'memory of a writer, of a watcher',
        n.writer_memory_gb + GIVEN.base_gb,
        'GB',
      ] as const),
      `${short(viewers)} × ${sample} × ${GIVEN.remembered} × ${GIVEN.numbered} kinds × ${short(m.session_bytes)} bytes / writers + ${GIVEN.base_gb}`,
      'viewers / writers',
    ),
    line(
      ...(['kafka_mb_s', 'into Kafka', n.kafka_mb_s, 'MB/s'] as const),
      `${E}/s × ${short(m.compressed_bytes)} bytes × ${GIVEN.replicas} replicas`,
      'events',
    ),
    line(
      ...(['kafka_day_tb', 'Kafka’s disks', n.kafka_day_tb, 'TB'] as const),
      `… × ${hours} h; a day is kept`,
      'events × hours',
    ),
    line(
      ...(['spill_gb', 'spill of a collector', n.spill_gb, 'GB'] as const),
      `${peak}/s / collectors × ${short(m.message_bytes)} bytes × ${GIVEN.spill_s} s without Kafka`,
      'stays: collectors grow alike',
    ),
    line(
      ...(['store_cores', 'ClickHouse inserts', n.store_cores, 'cores'] as const),
      `${E}/s × ${short(m.store_us)} µs / ${use}; as much again for merges and queries, each copy`,
      'events',
    ),
    line(...(['shards', '… as shards', n.shards, ''] as const), `of ${GIVEN.shard_cores} cores`, 'events'),
    line(
      ...(['store_gb', 'rows on disk, one copy', n.store_gb, 'GB'] as const),
      `${short(n.rows)} rows × ${short(m.row_bytes)} bytes`,
      'events × hours',
    ),
    line(
      ...(['in_mb_s', 'into the collectors', n.in_mb_s, 'MB/s'] as const),
      `${peak}/s × ${GIVEN.beacon_bytes} bytes of a beacon with its headers`,
      'events of a round',
    ),
    line(
      ...(['egress_gb', 'egress: answers', n.egress_gb, 'GB'] as const),
      `${short(n.rows)} answers × ${GIVEN.answer_bytes} bytes`,
      'events × hours',
    ),
    line(
      ...(['cores', 'cores in all', cores, 'cores'] as const),
      `collectors, ticks, writers, watchers, ClickHouse (${GIVEN.copies} copies), ${short(kafka_cores)} for Kafka`,
      'events; ticks by their square',
    ),
    line(
      ...(['memory_gb', 'memory in all', memory_gb, 'GB'] as const),
      `${GIVEN.base_gb} a process, sessions, 4 GB a core of ClickHouse and Kafka`,
      'events and viewers',
    ),
    line(
      ...(['disk_gb', 'disks in all', disk_gb, 'GB'] as const),
      `Kafka, ${GIVEN.copies} copies of the rows, the spill of all collectors`,
      'events × hours',
    ),
    line(
      ...(['price', 'price of the show', price, ''] as const),
      priced
        .filter(([, , each]) => each !== undefined)
        .map(([text, , each]) => `${text} × ${each}`)
        .join(' + ') || 'no price was given: --core-hour, --gb-hour, --disk-gb-month, --egress-gb',
      'all of the above',
    ),
  ]
  const ours = Object.entries(read.from).filter(([, source]) => source.startsWith('ours'))
  return {
    show,
    figures: read,
    lines,
    assumed: [
      `Figures of ${read.machine}.`,
      ...(ours.length === 0
        ? []
        : [`Not in the file, so as measured by us: ${ours.map(([name]) => name).join(', ')}.`]),
      `One event a beacon; cores are used to ${use * 100} %; ${GIVEN.remembered} × the viewers come within half an hour.`,
      'Kafka: a core for each 100 MB/s of a replica, three at least: not measured. More than one machine: reckoned, not run.',
    ],
  }
}
