import type { Builder } from '../../schemas/arrow/builder.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import { DIMENSIONS, type DimensionSpec } from '../../schemas/dimensions.ts'
import { ENVELOPE } from '../../schemas/envelope.ts'
import { KIND_NAMES, KINDS, type Kind } from '../../schemas/kinds/kinds.ts'
import type { Budgets } from '../enrich/budgets.ts'
import type { Tenant } from '../tenants.ts'
import type { Batcher } from './batcher.ts'
import { partitionOf } from './partitionOf.ts'

type Values = Readonly<Record<string, unknown>>

/** What the collector knows about the sender of a request, besides what the sender says. */
export interface Sender {
  readonly tenant: Tenant
  readonly received_ms: number
  /** Said by a trusted proxy: wins over everything. */
  readonly trusted: { readonly country: string; readonly region: string; readonly isp: string }
  /** Looked up by the address: wins over what the client says, unless it is synthetic. */
  readonly place: { readonly country: string; readonly isp: string }
  /** By the user agent: used when the client says nothing. */
  readonly device: string
  readonly os: string
  /** The source when neither context nor event names one. */
  readonly source: string
  readonly clock_offset_ms: number | undefined
  readonly clock_error_ms: number | undefined
}

/** A context made ready for many rows: the columns it sets, by index, checked against the budgets. */
export interface RowContext {
  readonly sender: Sender
  readonly context: Values
  readonly columns: readonly number[]
  readonly values: readonly unknown[]
}

const INDEX = new Map(Object.keys(ENVELOPE).map((name, index) => [name, index]))
const at = (name: keyof typeof ENVELOPE): number => INDEX.get(name)!
const EVENT_TIME = at('event_time')
const FLAG_BITS = at('flags')
const BUDGETED = new Set(
  Object.entries(DIMENSIONS as Readonly<Record<string, DimensionSpec>>)
    .filter(([name, { budget }]) => budget > 0 && name !== 'country' && name !== 'isp')
    .map(([name]) => name),
)

type Setter = (row: RowContext, value: string) => string

interface Target {
  readonly column: number
  /** Undefined: the value goes in as it is. */
  readonly change: Setter | undefined
}

export interface RowWriter {
  prepare(sender: Sender, context: Values): RowContext
  /** Writes an event that was found valid, and ends its row. */
  write(row: RowContext, kind: Kind, event: Values, time: { event_time: number; flags: number }): void
}

/** The step `columns`: each value goes straight into the memory of its column. */
export function writeRows(options: {
  readonly batcher: Batcher
  readonly collector: string
  readonly budgets: Budgets
  readonly viewerHash: (tenant: Tenant, viewer: string) => string
}): RowWriter {
  const { batcher, budgets } = options
  const limit =
    (name: string): Setter =>
    ({ sender }, value) =>
      budgets.within(sender.tenant.name, name, value, sender.received_ms)
  const changes = new Map<string, Setter>([...BUDGETED].map((name) => [name, limit(name)]))
  changes.set('viewer', ({ sender }, viewer) => options.viewerHash(sender.tenant, viewer))
  // Where the collector knows better, an event's own value counts as little as its context's.
  for (const name of ['country', 'region', 'isp'] as const)
    changes.set(name, ({ sender, context }, value) =>
      limited(name, known(sender, context, name, value), sender),
    )

  const limited = (name: string, value: string, sender: Sender): string =>
    budgets.within(sender.tenant.name, name, value, sender.received_ms)

  const targets = new Map<Kind, ReadonlyMap<string, Target>>(
    KIND_NAMES.map((kind) => [
      kind,
      new Map(columnsOf(kind).map(({ name }, column) => [name, { column, change: changes.get(name) }])),
    ]),
  )
  const keyedByNode = new Set<Kind>(KIND_NAMES.filter((kind) => KINDS[kind].keyed_by === 'node'))

  function prepare(sender: Sender, context: Values): RowContext {
    const columns: number[] = []
    const values: unknown[] = []
    const row: RowContext = { sender, context, columns, values }
    const put = (name: string, value: unknown): void => {
      if (value === undefined || value === null || value === '') return
      columns.push(INDEX.get(name)!)
      values.push(value)
    }
    const text = (name: string): string => (context[name] as string | null | undefined) ?? ''
    put('tenant', sender.tenant.name)
    for (const name of INDEX.keys()) {
      const change = changes.get(name)
      if (name === 'device' || name === 'os') put(name, limited(name, text(name) || sender[name], sender))
      else if (name === 'source') put(name, limited(name, text(name) || sender.source, sender))
      else if (name === 'weight') put(name, context.weight ?? 1)
      else if (change !== undefined) put(name, change(row, text(name)))
      else put(name, context[name])
    }
    put('received_time', sender.received_ms)
    put('collector', options.collector)
    put('clock_offset_ms', sender.clock_offset_ms)
    put('clock_error_ms', sender.clock_error_ms)
    return row
  }

  return {
    prepare,
    write(row, kind, event, { event_time, flags }) {
      const key = keyedByNode.has(kind) ? (event.node ?? event.target ?? event.session) : event.session
      const partitions = batcher.partitionsOf.get(kind)!
      const partition =
        partitions === 1 ? 0 : partitionOf((key as string | undefined) ?? sessionOf(row), partitions)
      const builder = batcher.builderOf(kind, partition)
      fill(builder, row, event, targets.get(kind)!)
      builder.set(EVENT_TIME, event_time)
      if (flags !== 0) builder.set(FLAG_BITS, flags)
      batcher.ended(kind, partition, row.sender.received_ms)
    },
  }
}

const sessionOf = ({ context }: RowContext): string => (context.session as string | undefined) ?? ''

function known(sender: Sender, context: Values, name: 'country' | 'region' | 'isp', said: string): string {
  if (sender.trusted[name] !== '') return sender.trusted[name]
  if (name === 'region' || (context.synthetic === true && said !== '')) return said
  return sender.place[name] || said
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
