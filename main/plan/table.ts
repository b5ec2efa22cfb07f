import { type Needs, reckon, SHOW, type Show } from './needs.ts'

/** The shows of docs/scale.md. */
export const SHOWS: readonly (readonly [string, Show])[] = [
  ['10 thousand', { ...SHOW, viewers: 1e4, partitions: 4 }],
  ['500 thousand', { ...SHOW, viewers: 5e5, partitions: 12 }],
  ['5 million', { ...SHOW, viewers: 5e6, partitions: 48 }],
  ['50 million, one in ten reports', { ...SHOW, viewers: 5e7, sample: 0.1, partitions: 48 }],
  ['50 million, all report', { ...SHOW, viewers: 5e7, partitions: 192 }],
]

/** A number with three digits that count, and the letter of its thousands. */
export const short = (value: number): string => {
  if (value >= 1e9) return `${(value / 1e9).toPrecision(3)} G`
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)))
}

const LINES: readonly (readonly [string, (needs: Needs, show: Show) => string])[] = [
  ['events a second', ({ events_per_s }) => short(events_per_s)],
  ['partitions of a topic', (_, { partitions }) => String(partitions)],
  ['collectors, a core each', ({ collectors }) => short(collectors)],
  ['rows of a message', ({ rows_per_message }) => short(rows_per_message)],
  ['writers, a core each', ({ writers }) => String(writers)],
  ['memory of a writer, of a watcher, GB', ({ writer_memory_gb }) => short(writer_memory_gb)],
  ['watchers, a core each', ({ watchers }) => String(watchers)],
  ['ticks a second through Kafka', ({ ticks_per_s }) => short(ticks_per_s)],
  ['… and collectors’ cores for them', ({ tick_cores }) => short(tick_cores)],
  ['into Kafka with replicas, MB/s', ({ kafka_mb_s }) => short(kafka_mb_s)],
  ['Kafka’s disks, TB', ({ kafka_day_tb }) => short(kafka_day_tb)],
  ['spill of a collector for half an hour, GB', ({ spill_gb }) => short(spill_gb)],
  ['ClickHouse’s cores for inserting', ({ store_cores }) => short(store_cores)],
  ['… as shards of 16', ({ shards }) => String(shards)],
  ['rows of heartbeats and others', ({ rows }) => short(rows)],
  ['their disk, one copy, GB', ({ store_gb }) => short(store_gb)],
]

/** A table of Markdown, a column a show. */
export function table(shows: readonly (readonly [string, Show])[]): string {
  const needs = shows.map(([, show]) => reckon(show))
  return [
    `| viewers | ${shows.map(([name]) => name).join(' | ')} |`,
    `|---|${shows.map(() => '--:|').join('')}`,
    ...LINES.map(
      ([name, cell]) => `| ${name} | ${shows.map(([, show], at) => cell(needs[at]!, show)).join(' | ')} |`,
    ),
  ].join('\n')
}
