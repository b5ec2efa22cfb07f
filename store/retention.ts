import type { Emit } from '../schemas/facts.ts'
import type { Store } from './client.ts'

/** How long a table's days are kept, and what goes first when space is short. */
export interface RetentionRule {
  readonly table: string
  /** Days (of the partition key) that are kept at most, today included. */
  readonly days: number
  /** When space is short, tables of the lowest number lose their oldest days first. */
  readonly priority: number
  /** So many days stay even when space is short, as long as another table can give. Default 1: today. */
  readonly keepDays?: number
  /** Bytes this table may take alone; beyond it its oldest partitions go, today's too. */
  readonly max_bytes?: number
}

/** One day's (or month's) partition of a table. */
export interface Partition {
  readonly table: string
  readonly id: string
  /** As ClickHouse prints it: `2026-11-20`, `20261120`, `202611`. */
  readonly name: string
  readonly bytes: number
}

export interface RetentionDecision {
  readonly drops: readonly (Partition & { readonly reason: 'age' | 'space' })[]
  /** Bytes still over the bound when nothing more may go: today's data alone is too much. */
  readonly over_bytes: number
}

/**
 * Which partitions go: first those past their table's days, then, while the whole is over the bound, the oldest of the
 * table that can best spare it. A partition whose name is no date is never dropped, nor one that holds today or the
 * newest day of all, except of a table that passes a bound of its own.
 */
export function decideRetention(state: {
  readonly partitions: readonly Partition[]
  readonly rules: readonly RetentionRule[]
  readonly today: Date
  readonly max_bytes: number
  /** Whether the clock is sure enough to drop what is past its days (default true). */
  readonly byAge?: boolean
}): RetentionDecision {
  const ruleOf = new Map(state.rules.map((rule) => [rule.table, rule]))
  const today = dayNumber(state.today)
  const drops: RetentionDecision['drops'][number][] = []
  const spare: (Partition & { readonly age: number; readonly rule: RetentionRule })[] = []
  let bytes = state.partitions.reduce((sum, partition) => sum + partition.bytes, 0)
  const newest = newestDay(state.partitions)
  const overOwn = overOwnBound(state.partitions, ruleOf)
  for (const partition of state.partitions) {
    if (overOwn.has(partition)) {
      drops.push({ ...partition, reason: 'space' })
      bytes -= partition.bytes
      continue
    }
    const rule = ruleOf.get(partition.table)
    const last = lastDay(partition.name)
    if (!rule || last === undefined) continue
    const age = today - last
    if (state.byAge !== false && age >= rule.days) {
      drops.push({ ...partition, reason: 'age' })
      bytes -= partition.bytes
    } else if (age > 0 && last !== newest) spare.push({ ...partition, age, rule })
  }
  const guarded = (part: (typeof spare)[number]) => (part.age < (part.rule.keepDays ?? 1) ? 1 : 0)
  spare.sort(
    (a, b) =>
      guarded(a) - guarded(b) ||
      a.rule.priority - b.rule.priority ||
      b.age - a.age ||
      a.table.localeCompare(b.table),
  )
  for (const { age, rule, ...partition } of spare) {
    if (bytes <= state.max_bytes) break
    drops.push({ ...partition, reason: 'space' })
    bytes -= partition.bytes
  }
  return { drops, over_bytes: Math.max(0, bytes - state.max_bytes) }
}

/** The newest day that any table has. */
const newestDay = (partitions: readonly Partition[]): number | undefined =>
  partitions.reduce<number | undefined>((newest, { name }) => {
    const day = lastDay(name)
    return day === undefined || (newest !== undefined && newest > day) ? newest : day
  }, undefined)

/** The oldest partitions of tables that pass their own bound, until they keep it. */
function overOwnBound(
  partitions: readonly Partition[],
  ruleOf: ReadonlyMap<string, RetentionRule>,
): ReadonlySet<Partition> {
  const over = new Set<Partition>()
  for (const { table, max_bytes } of ruleOf.values()) {
    if (max_bytes === undefined) continue
    const own = partitions
      .filter((partition) => partition.table === table && lastDay(partition.name) !== undefined)
      .sort((a, b) => lastDay(a.name)! - lastDay(b.name)!)
    let excess = own.reduce((sum, { bytes }) => sum + bytes, 0) - max_bytes
    for (const partition of own) {
      if (excess <= 0) break
      over.add(partition)
      excess -= partition.bytes
    }
  }
  return over
}

const DAY_MS = 86_400_000

function dayNumber(date: Date): number {
  return Math.floor(date.getTime() / DAY_MS)
}

/** The last day a partition can hold, as days since 1970. */
function lastDay(name: string): number | undefined {
  const found = /^\(?'?(\d{4})-?(\d{2})-?(\d{2})?'?\)?$/.exec(name)
  if (!found) return undefined
  const [year, month, day] = [Number(found[1]), Number(found[2]), found[3] && Number(found[3])]
  // day 0 of the next month is the last one of this
  return dayNumber(new Date(day ? Date.UTC(year, month - 1, day) : Date.UTC(year, month, 0)))
}

export interface RetentionOptions {
  readonly store: Store
  readonly rules: readonly RetentionRule[]
  /** Bytes that all tables together may take on disk. */
  readonly max_bytes: number
  /** Bytes that stay free on the disk whatever the bound says. */
  readonly minFree_bytes?: number
  /** Wall clock, milliseconds. */
  readonly clock: () => number
  /** Whether the clock is sure enough to drop what is past its days (default: always). */
  readonly clockConfirmed?: () => boolean
  readonly emit: Emit
}

/** Looks once and drops what has to go. */
export async function retainOnce(options: RetentionOptions): Promise<RetentionDecision> {
  const { store, emit } = options
  const partitions = await store.query<Partition>(`
    SELECT table, partition_id AS id, any(partition) AS name, toFloat64(sum(bytes_on_disk)) AS bytes
    FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table, partition_id`)
  const used = partitions.reduce((sum, { bytes }) => sum + bytes, 0)
  const [disk] = await store.query<{ free: number }>(
    'SELECT toFloat64(min(free_space)) AS free FROM system.disks',
  )
  const room = used + (disk?.free ?? Number.POSITIVE_INFINITY) - (options.minFree_bytes ?? 0)
  const decision = decideRetention({
    partitions,
    rules: options.rules,
    today: new Date(options.clock()),
    max_bytes: Math.max(0, Math.min(options.max_bytes, room)),
    byAge: options.clockConfirmed?.() ?? true,
  })
  for (const { table, id, bytes, reason } of decision.drops) {
    await store.exec(`ALTER TABLE \`${table}\` DROP PARTITION ID '${id}'`)
    emit({ type: 'store_partition_dropped', table, partition: id, bytes, reason })
  }
  emit({ type: 'store_size', bytes: used, over_bytes: decision.over_bytes })
  return decision
}

/** Looks again and again until stopped. A failure is told and tried again the next time. */
export function startRetention(options: RetentionOptions & { readonly every_ms?: number }): {
  stop(): Promise<void>
} {
  let running: Promise<unknown> = Promise.resolve()
  const look = () => {
    running = retainOnce(options).catch((error: unknown) =>
      options.emit({ type: 'store_retention_failed', error: String(error) }),
    )
  }
  const timer = setInterval(() => void running.then(look), options.every_ms ?? 60_000)
  look()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
