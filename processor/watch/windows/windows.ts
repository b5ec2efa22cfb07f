import type { ReadBatch } from '../../../schemas/arrow/reader.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
import { MEASURES, type Measure, measureOf } from '../../../schemas/measures.ts'
import { cellFields } from './cellFields.ts'
import { KindWindow } from './kindWindow.ts'
import { fieldsOf, measureRows } from './measureRows.ts'
import { isPooled, KINDS_POOLED, POOL_FIELDS, POOLED, PoolCells, pooledName } from './pool.ts'
import { Repeats } from './repeats.ts'
import type { SessionSlices } from './sessionSlices.ts'
import type { Cells, Heard, KindSlices, StreamView, Where } from './view.ts'
import { isSessionCount, WATCHED } from './watched.ts'

export interface WindowsOptions {
  /** How far back slices are kept, ms. */
  readonly keep_ms: number
}

/** Columns that windows read of a kind's batches. */
export const columnsToWatch = (kind: Kind): string[] => [
  ...new Set([
    'tenant',
    'show',
    'stream',
    'received_time',
    'weight',
    'synthetic',
    ...cellFields(kind),
    // Of distinct sessions this is the session itself.
    ...WATCHED[kind].flatMap(fieldsOf),
  ]),
]

/** Keeps a row’s 1 only where its session is new in its slice of ten seconds, and writes 0 elsewhere. */
function noteSession(
  slices: SessionSlices,
  session: string,
  time_ms: number,
  distinct: readonly Float64Array[],
  row: number,
): void {
  let flags = 0
  for (let at = 0; at < distinct.length; at += 1) if (distinct[at]![row]! > 0) flags |= 1 << at
  const fresh = slices.note(session, time_ms, flags)
  for (let at = 0; at < distinct.length; at += 1) distinct[at]![row] = (fresh >> at) & 1
}

/** Leaves a measure of what is repeated only where the reference of its row was seen before. */
function noteReference(
  repeats: Repeats,
  { sums, reference, within }: Repeated,
  owner: readonly Label[],
  row: number,
): void {
  if (sums[row] === 0) return
  const text = reference.at(row)
  const place = () => [...owner, ...within].map((label) => label.at(row)).join('\0')
  if (text === '' || !repeats.seen(`${place()}\0${text}`)) sums[row] = 0
}

type Label = ReturnType<ReadBatch['label']>
/** A measure of what is repeated: its value by row, and what makes two rows the same. */
interface Repeated {
  readonly sums: Float64Array
  readonly reference: ReturnType<ReadBatch['text']>
  readonly within: readonly Label[]
}

/** One stream's windows; see StreamView for what the methods mean. */
export class StreamWindows implements StreamView {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  watermark_ms = 0
  readonly kinds = new Map<Kind, KindWindow>()

  constructor(tenant: string, show: string, stream: string) {
    this.tenant = tenant
    this.show = show
    this.stream = stream
  }

  kind(kind: Kind): KindWindow {
    let window = this.kinds.get(kind)
    if (window === undefined) this.kinds.set(kind, (window = new KindWindow(kind, this.dimensions(kind))))
    return window
  }

  /** For reading: a kind that says nothing has an empty window, which is not kept. */
  private of(measure: Measure): KindWindow {
    const { kind } = MEASURES[measure]
    return this.kinds.get(kind) ?? emptyWindow(kind, this.dimensions(kind))
  }

  get first_ms(): number {
    return Math.min(...[...this.kinds.values()].map(({ first_ms }) => first_ms))
  }

  total(measure: Measure, from_ms: number, to_ms: number, where?: Where): number {
    if (to_ms <= from_ms) return 0
    return this.of(measure).series(measure, from_ms, to_ms, to_ms - from_ms, where)[0]!
  }

  series(measure: Measure, from_ms: number, to_ms: number, step_ms: number, where?: Where): Float64Array {
    return this.of(measure).series(measure, from_ms, to_ms, step_ms, where)
  }

  groups(
    measures: readonly Measure[],
    dimension: string,
    from_ms: number,
    to_ms: number,
    where?: Where,
  ): Map<string, Float64Array> {
    return this.of(measures[0]!).groups(measures, dimension, from_ms, to_ms, where)
  }

  cells(
    measures: readonly Measure[],
    from_ms: number,
    to_ms: number,
    options?: { where?: Where; dimensions?: readonly string[] },
  ): Cells {
    return this.of(measures[0]!).cells(measures, from_ms, to_ms, options)
  }

  slices(kind: Kind, from_ms: number, to_ms: number): KindSlices {
    return (this.kinds.get(kind) ?? emptyWindow(kind, this.dimensions(kind))).slices(from_ms, to_ms)
  }

  dimensions(kind: Kind): readonly string[] {
    return this.show === POOLED && KINDS_POOLED.has(kind) ? POOL_FIELDS : cellFields(kind)
  }

  heard(kind: 'hop', by: readonly string[]): readonly Heard[] {
    const window = this.kinds.get(kind)
    return window === undefined ? [] : window.heard(by, cellFields(kind).indexOf('status'))
  }
}

/** Where rows of one stream go while a batch is added. */
interface Target {
  readonly window: KindWindow
  readonly codes: readonly Int32Array[]
  readonly name: string
  readonly pool: { readonly window: KindWindow; readonly cells: PoolCells } | undefined
}

const EMPTY = new Map<readonly string[], Map<Kind, KindWindow>>()
function emptyWindow(kind: Kind, fields: readonly string[]): KindWindow {
  let windows = EMPTY.get(fields)
  if (windows === undefined) EMPTY.set(fields, (windows = new Map()))
  let window = windows.get(kind)
  if (window === undefined) windows.set(kind, (window = new KindWindow(kind, fields)))
  return window
}

/** All streams' windows of one watcher. */
export class Windows {
  readonly streams = new Map<string, StreamWindows>()
  watermark_ms = 0
  private readonly keep_ms: number
  /** Streams by tenant, and by window of a pool how cells are translated. */
  private readonly counts = new Map<string, number>()
  private readonly pools = new WeakMap<KindWindow, PoolCells>()
  private readonly repeats = new Repeats()

  constructor({ keep_ms }: WindowsOptions) {
    this.keep_ms = keep_ms
  }

  stream(tenant: string, show: string, stream: string): StreamWindows {
    const key = `${tenant}\0${show}\0${stream}`
    let windows = this.streams.get(key)
    if (windows === undefined) {
      this.streams.set(key, (windows = new StreamWindows(tenant, show, stream)))
      if (show !== POOLED) this.counts.set(tenant, (this.counts.get(tenant) ?? 0) + 1)
    }
    return windows
  }

  /** How many streams there are; pools are none. */
  get streamCount(): number {
    let sum = 0
    for (const count of this.counts.values()) sum += count
    return sum
  }

  /** The pool that a stream's rows are added to as well; undefined if to none. */
  private poolOf(kind: Kind, windows: StreamWindows): { window: KindWindow; cells: PoolCells } | undefined {
    const { tenant } = windows
    if (!isPooled(kind, this.counts.get(tenant) ?? 0, windows.kind(kind))) return undefined
    const window = this.stream(tenant, POOLED, POOLED).kind(kind)
    let cells = this.pools.get(window)
    if (cells === undefined) this.pools.set(window, (cells = new PoolCells(window)))
    return { window, cells }
  }

  /**
   * Adds a batch of one kind that came by one partition. Rows of weight 0 (their session is not believed) count nowhere: they make
   * no stream, no cell and no reporter.
   * @param skip rows with a 1 do not count: repeats, and what another source reports already
   */
  add(kind: Kind, batch: ReadBatch, partition: number, skip?: Uint8Array): void {
    const { rows } = batch
    const measures = WATCHED[kind].map((name) => measureRows(name, batch))
    const received = batch.number('received_time').values
    const weight = batch.number('weight').values
    const synthetic = batch.flag('synthetic').values
    const [tenant, show, stream] = [batch.label('tenant'), batch.label('show'), batch.label('stream')]
    const labels = cellFields(kind).map((name) => batch.label(name))
    const distinct = WATCHED[kind].flatMap((name, at) => (isSessionCount(name) ? [measures[at]!] : []))
    const again = WATCHED[kind].flatMap((name, at): Repeated[] => {
      const { repeated } = measureOf(name)
      if (repeated === undefined) return []
      const within = repeated.within.map((label) => batch.label(label))
      return [{ sums: measures[at]!, reference: batch.text(repeated.reference), within }]
    })
    const owner = [tenant, show]
    const session = distinct.length > 0 ? batch.text('session') : undefined
    const tuple = new Int32Array(labels.length)
    const known = new Map<string, Target>()
    let last = ''
    let target: Target | undefined
    for (let row = 0; row < rows; row += 1) {
      if (weight[row] === 0 || skip?.[row] === 1) continue
      if (synthetic[row] === 1 && kind !== 'probe') continue
      const key = `${tenant.codes[row]},${show.codes[row]},${stream.codes[row]}`
      if (target === undefined || key !== last) {
        target = known.get(key)
        if (target === undefined) {
          // No sender may report for a pool.
          if (show.at(row) === POOLED) continue
          const windows = this.stream(tenant.at(row), show.at(row), stream.at(row))
          target = {
            window: windows.kind(kind),
            codes: labels.map(({ values }) => new Int32Array(values.length).fill(-1)),
            name: pooledName(show.at(row), stream.at(row)),
            pool: this.poolOf(kind, windows),
          }
          known.set(key, target)
        }
        last = key
      }
      const { window, codes } = target
      for (let at = 0; at < labels.length; at += 1) {
        const label = labels[at]!
        const code = label.codes[row]!
        let own = codes[at]![code]!
        if (own < 0) codes[at]![code] = own = window.table.code(at, label.values[code]!)
        tuple[at] = own
      }
      const cell = window.table.cell(tuple)
      for (const repeated of again) noteReference(this.repeats, repeated, owner, row)
      const time = received[row]!
      if (session !== undefined) noteSession(window.sessions(partition), session.at(row), time, distinct, row)
      window.sliceAt(time, partition, this.watermark_ms).add(cell, measures, row)
      window.heardFrom(cell, time)
      if (target.pool === undefined) continue
      const { pool, name } = target
      pool.window
        .sliceAt(time, partition, this.watermark_ms)
        .add(pool.cells.cellOf(window, cell, name), measures, row)
    }
  }

  /** Moves the watermark: nothing before it is still to come, but for late repeats that are added all the same. */
  advance(watermark_ms: number): void {
    if (watermark_ms <= this.watermark_ms) return
    this.watermark_ms = watermark_ms
    for (const [key, windows] of this.streams) {
      windows.watermark_ms = watermark_ms
      for (const [kind, window] of windows.kinds) {
        window.age(watermark_ms, this.keep_ms)
        if (window.empty) windows.kinds.delete(kind)
      }
      if (windows.kinds.size > 0) continue
      this.streams.delete(key)
      if (windows.show !== POOLED) this.counts.set(windows.tenant, this.counts.get(windows.tenant)! - 1)
    }
  }
}
