import type { Builder } from '../../schemas/arrow/builder.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import { DIMENSIONS, type Dimension, type DimensionSpec, OTHER } from '../../schemas/dimensions.ts'
import { CLIENT_FIELDS, ENVELOPE, FLAGS } from '../../schemas/envelope.ts'
import { KIND_NAMES, KINDS, type Kind } from '../../schemas/kinds/kinds.ts'
import { TRUSTED_FROM } from '../../schemas/trust.ts'
import type { Tenant } from '../auth/tenants.ts'
import type { Budget } from '../enrich/budgets.ts'
import type { CombinationInput } from '../limits/combinations.ts'
import type { Batcher } from './batcher.ts'

type Values = Readonly<Record<string, unknown>>

/** What the collector knows about the sender of a request, besides what the sender says. */
export interface Sender {
  readonly tenant: Tenant
  readonly received_ms: number
  /** The address prefix whose budget is used; undefined for servers. */
  readonly prefix: string | undefined
  /** A private prefix is a proxy's: it may bring as many values of a dimension as a tenant may. */
  readonly isPrivate: boolean
  readonly address: string
  /** Whether its sessions get a trust value: a player's do. */
  readonly isJudged: boolean
  /** Said by a trusted proxy: wins over everything. */
  readonly trusted: { readonly country: string; readonly region: string; readonly isp: string }
  /** Looked up by the address: wins over what the client says, unless it is synthetic. */
  readonly place: { readonly country: string; readonly isp: string }
  /** By the user agent: used when the client says nothing. */
  readonly device: string
  readonly os: string
  /** The source when neither context nor event names one. */
  readonly source: string
  /** Larger weights are bounded to it, and flagged. */
  readonly maxWeight: number
  readonly clock_offset_ms: number | undefined
  readonly clock_error_ms: number | undefined
}

/** A context made ready for many rows: the columns it sets, by index, checked against the budgets. */
export interface RowContext {
  readonly sender: Sender
  readonly context: Values
  readonly columns: readonly number[]
  readonly values: readonly unknown[]
  /** Bits of `flags` that every row of it gets. */
  readonly flags: number
}

const INDEX = new Map(Object.keys(ENVELOPE).map((name, index) => [name, index]))
const at = (name: keyof typeof ENVELOPE): number => INDEX.get(name)!
const TENANT = at('tenant')
const SHOW = at('show')
const STREAM = at('stream')
const WEIGHT = at('weight')
const COLLECTOR = at('collector')
const CLOCK_OFFSET = at('clock_offset_ms')
const CLOCK_ERROR = at('clock_error_ms')
const RECEIVED_TIME = at('received_time')
const EVENT_TIME = at('event_time')
const FLAG_BITS = at('flags')
const TRUST = at('trust')
/** Columns that are no part of what a client says in a context. */
const NOT_SAID = new Set(
  Object.keys(ENVELOPE).filter((name) => !(name in CLIENT_FIELDS) || name === 'weight'),
)

/** What stands in for a value the client did not say. */
function unsaid(sender: Sender, name: string): string {
  return name === 'device'
    ? sender.device
    : name === 'os'
      ? sender.os
      : name === 'source'
        ? sender.source
        : ''
}

type Setter = (row: RowContext, value: string) => string

interface Target {
  readonly column: number
  /** Undefined: the value goes in as it is. */
  readonly change: Setter | undefined
}

/** What the collector found out about an event. */
export interface Judged {
  readonly event_time: number
  /** Bits of `flags`. */
  readonly flags: number
  /** Undefined: a server's word, which is not judged. */
  readonly trust: number | undefined
  /** How many sessions it stands for by the collector's own sampling: 0 outside the sample; undefined: nothing is sampled. */
  readonly sampled: number | undefined
}

export interface RowWriter {
  prepare(sender: Sender, context: Values): RowContext
  /** Writes an event that was found valid, and ends its row. */
  write(row: RowContext, kind: Kind, event: Values, judged: Judged): void
}

/** The step `columns`: each value goes straight into the memory of its column. */
export function writeRows(options: {
  readonly batcher: Batcher
  readonly collector: string
  readonly budgetOf: (dimension: Dimension) => Budget
  readonly withinStreams: (input: CombinationInput) => boolean
  readonly viewerHash: (tenant: Tenant, viewer: string, received_ms: number) => string
  /** The artificial delay that a show declares, ms. */
  readonly delayOf?: (tenant: string, show: string) => number
}): RowWriter {
  const { batcher, budgetOf, delayOf } = options
  const changes = new Map<string, Setter>()
  for (const [name, { budget }] of Object.entries<DimensionSpec>(DIMENSIONS)) {
    // Shows and streams are bounded together, as pairs.
    if (budget === 0 || name === 'show' || name === 'stream') continue
    const within = budgetOf(name as Dimension)
    changes.set(name, ({ sender }, value) =>
      within(sender.tenant.name, value, sender.received_ms, sender.isPrivate ? undefined : sender.prefix),
    )
  }
  // Where the collector knows better, an event's own value counts as little as its context's.
  for (const name of ['country', 'region', 'isp'] as const) {
    const within = changes.get(name)!
    changes.set(name, (row, value) => within(row, known(row.sender, row.context, name, value)))
  }
  changes.set('viewer', ({ sender }, viewer) => options.viewerHash(sender.tenant, viewer, sender.received_ms))

  const targets = new Map<Kind, ReadonlyMap<string, Target>>(
    KIND_NAMES.map((kind) => [
      kind,
      new Map(columnsOf(kind).map(({ name }, column) => [name, { column, change: changes.get(name) }])),
    ]),
  )
  const keyedByNode = new Set<Kind>(KIND_NAMES.filter((kind) => KINDS[kind].keyed_by === 'node'))

  const stated = [...INDEX].flatMap(([name, column]) =>
    NOT_SAID.has(name) ? [] : [{ name, column, change: changes.get(name) }],
  )

  // Called once a request and without closures: with beacons of one event it is as hot as the rows themselves.
  function prepare(sender: Sender, context: Values): RowContext {
    const columns: number[] = [TENANT, RECEIVED_TIME, COLLECTOR, WEIGHT]
    const weight = (context.weight as number | null | undefined) ?? 1
    const values: unknown[] = [
      sender.tenant.name,
      sender.received_ms,
      options.collector,
      Math.min(weight, sender.maxWeight),
    ]
    const flags = weight > sender.maxWeight ? FLAGS.weight_bounded.bit : 0
    const row: RowContext = { sender, context, columns, values, flags }
    if (sender.clock_offset_ms !== undefined) {
      columns.push(CLOCK_OFFSET, CLOCK_ERROR)
      values.push(sender.clock_offset_ms, sender.clock_error_ms)
    }
    for (let index = 0; index < stated.length; index += 1) {
      const { name, column, change } = stated[index]!
      let value = context[name]
      if (value === undefined || value === null || value === '') value = unsaid(sender, name)
      if (change !== undefined) value = change(row, value as string)
      if (value === '' || value === undefined) continue
      columns.push(column)
      values.push(value)
    }
    return row
  }

  function isWithinStreams({ sender, context }: RowContext, event: Values): boolean {
    const show = (event.show || context.show || '') as string
    const stream = (event.stream || context.stream || '') as string
    const { tenant, prefix, received_ms } = sender
    return options.withinStreams({ tenant: tenant.name, show, stream, prefix, received_ms })
  }

  const latencyColumn = new Map<Kind, number>(
    [...targets].flatMap(([kind, of]) => {
      const target = of.get('live_latency_ms')
      return target === undefined ? [] : [[kind, target.column] as const]
    }),
  )
  /** What the operator added on purpose is no latency of the link: metric, rule, report and boards read the rest. */
  function takeDelayOff({ sender, context }: RowContext, kind: Kind, event: Values, builder: Builder): void {
    const latency_ms = event.live_latency_ms as number | null | undefined
    if (delayOf === undefined || latency_ms === undefined || latency_ms === null) return
    const delay_ms = delayOf(sender.tenant.name, (event.show || context.show || '') as string)
    if (delay_ms > 0) builder.set(latencyColumn.get(kind)!, Math.max(0, latency_ms - delay_ms))
  }

  return {
    prepare,
    write(row, kind, event, { event_time, flags, trust, sampled }) {
      const key = keyedByNode.has(kind) ? (event.node ?? event.target ?? event.session) : event.session
      const open = batcher.row(kind, (key as string | undefined) ?? sessionOf(row))
      const { builder } = open
      fill(builder, row, event, targets.get(kind)!)
      takeDelayOff(row, kind, event, builder)
      builder.set(EVENT_TIME, event_time)
      if (!isWithinStreams(row, event)) {
        builder.set(SHOW, OTHER)
        builder.set(STREAM, OTHER)
      }
      let bits = flags | row.flags
      const weight = event.weight as number | null | undefined
      if (weight !== undefined && weight !== null && weight > row.sender.maxWeight) {
        builder.set(WEIGHT, row.sender.maxWeight)
        bits |= FLAGS.weight_bounded.bit
      }
      if (sampled !== undefined) {
        const own = weight ?? (row.context.weight as number | null | undefined) ?? 1
        builder.set(WEIGHT, Math.min(own, row.sender.maxWeight) * sampled)
      }
      const isApart = trust !== undefined && trust < TRUSTED_FROM
      // The flag says that others count for it: nobody does for what is not believed.
      if (sampled === 0 && !isApart) bits |= FLAGS.outside_sample.bit
      if (trust !== undefined) builder.set(TRUST, trust)
      if (isApart) builder.set(WEIGHT, 0)
      if (bits !== 0) builder.set(FLAG_BITS, bits)
      batcher.end(open, row.sender.received_ms)
    },
  }
}

const sessionOf = ({ context }: RowContext): string => (context.session as string | undefined) ?? ''

function known(sender: Sender, context: Values, name: 'country' | 'region' | 'isp', stated: string): string {
  if (sender.trusted[name] !== '') return sender.trusted[name]
  if (name === 'region' || (context.synthetic === true && stated !== '')) return stated
  return sender.place[name] || stated
}

function fill(builder: Builder, row: RowContext, event: Values, targets: ReadonlyMap<string, Target>): void {
  const { columns, values } = row
  for (let index = 0; index < columns.length; index += 1) builder.set(columns[index]!, values[index])
  for (const name in event) {
    const target = targets.get(name)
    const value = event[name]
    if (target === undefined || value === undefined || value === null || value === '') continue
    builder.set(target.column, target.change === undefined ? value : target.change(row, value as string))
  }
}
