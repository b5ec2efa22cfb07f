import { TABLE_NAMES, type Table } from './derive/columns.ts'
import { isKind } from './kinds/kinds.ts'

/** How a table's topic is called in the log. */
export const topicOf = (table: Table): string => `firstframe.${table}`

const DAY = 86_400_000

/** Topics besides those of the tables. */
export const STATE_TOPICS = {
  /** The watcher's incidents, silences, maintenance and notifications sent; read before anything else. */
  incident_state: { name: 'firstframe.incident_state', compacted: true },
  /** Arrow schemas by fingerprint, so that a batch of an older version is still read; each collector adds its own. */
  schema: { name: 'firstframe.schema', compacted: true },
  /** Shows by tenant and name: their streams and apps, as an operator declared them. */
  show: { name: 'firstframe.show', compacted: true },
  /** Partials of windows, from the stage that reads partitions to the stage that judges streams. */
  partial: { name: 'firstframe.partial', compacted: false },
} as const

/**
 * Streams are judged in so many places at most. Each source partition tells each of them each second how far it is, so that
 * their number times the partitions', not the partitions' square, is what goes through the log.
 */
const MOST_JUDGES = 8

/**
 * All topics with their number of partitions.
 * @param partitions of the topics that carry events: 1 embedded, 4 or more on Kafka
 */
export function topics(partitions: number): {
  name: string
  partitions: number
  compacted?: boolean
  retention_ms?: number
  whenFull?: 'take'
}[] {
  return [
    ...TABLE_NAMES.map((table) => ({
      name: topicOf(table),
      partitions,
      retention_ms: DAY,
      // What the writer sets apart makes room, and incidents are few: a full log takes both.
      ...(isKind(table) ? {} : { whenFull: 'take' as const }),
    })),
    {
      name: STATE_TOPICS.partial.name,
      partitions: Math.min(partitions, MOST_JUDGES),
      // Windows are refilled from the last quarter of an hour; judging goes on while a full log takes no events.
      retention_ms: DAY / 24,
      whenFull: 'take',
    },
    { name: STATE_TOPICS.incident_state.name, partitions: 1, compacted: true },
    { name: STATE_TOPICS.schema.name, partitions: 1, compacted: true },
    { name: STATE_TOPICS.show.name, partitions: 1, compacted: true },
  ]
}

/** Headers of a message in the log. */
export const HEADERS = {
  /** `rows`: an Arrow record batch without its schema; `tick`: a collector's clock. */
  type: 'type',
  /** Fingerprint of the Arrow schema the rows were written under. */
  schema: 'schema',
  /** Number of rows. */
  rows: 'rows',
  /** Which collector. */
  collector: 'collector',
  /** ms since the epoch: of a tick, the collector's clock; everything it took before is in the log. */
  time: 'time',
  /** Of a message of rows: it is a tick of this time as well (`log/ticks.ts`). */
  tick: 'tick',
  /** Of a tick: when senders waited for an answer since the tick before (`schemas/hold.ts`). */
  held: 'held',
  /** Waited on disk while the log was away. */
  spilled: 'spilled',
} as const
