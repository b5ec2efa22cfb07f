import type { Where } from '../../../schemas/incident.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
import type { Measure } from '../../../schemas/measures.ts'
import type { CellTable } from './cellTable.ts'
import type { Slice } from './slice.ts'

/** Windows are made of slices of this length, by `received_time`; slice s holds [s, s + SLICE_MS). */
export const SLICE_MS = 1000
/** Slices stay seconds for so long, since they are judged now; older ones become blocks, with which now is compared. */
export const FINE_MS = 60_000
export const BLOCK_MS = 10_000

/** Sums of a time range by every combination of dimension values that occurred, as columns. */
export interface Cells {
  readonly dimensions: readonly string[]
  readonly rows: number
  /** By dimension: each row's code … */
  readonly codes: readonly Int32Array[]
  /** … and what the code stands for. */
  readonly values: readonly (readonly string[])[]
  /** By measure asked for: each row's sum. */
  readonly sums: readonly Float64Array[]
}

/** Slices of one kind as they are kept, not copied: a row of a slice is a cell of the table, its sums are in the order of `measures`. */
export interface KindSlices {
  readonly table: CellTable
  readonly measures: readonly Measure[]
  readonly slices: readonly Pick<Slice, 'cells' | 'rows' | 'sums' | 'width'>[]
}

/** As a condition: only cells with these values count, e.g. `{ hop: 'encoder' }`. */
export type { Where }

/** When a reporter (a node on the link) was heard, up to the view's watermark. */
export interface Heard {
  /** Its dimension values, e.g. `{ hop: 'ingest', node: 'a' }`. */
  readonly values: Where
  readonly first_ms: number
  /** received_time of the slice in which it was heard last. */
  readonly last_ms: number
  /** Slices in which it was heard over the time it was known: how steadily it reports. */
  readonly slices: number
  /** Of `hop`: the status it told last; '' if none. */
  readonly status: string
}

/**
 * One stream as the watcher sees it: closed slices of received time, all partitions added up. Times are multiples of SLICE_MS;
 * ranges are [from, to). Real viewers only (`synthetic` facts appear in `probe` alone); weights applied; sums and counts of
 * MEASURES, not histograms or distinct values.
 */
export interface StreamView {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  /** Everything before this has been received from every live collector; `to` may not lie beyond it. */
  readonly watermark_ms: number
  /** The first slice known, or the oldest still kept. */
  readonly first_ms: number
  total(measure: Measure, from_ms: number, to_ms: number, where?: Where): number
  /** One sum a step of `step_ms` (a multiple of SLICE_MS). */
  series(measure: Measure, from_ms: number, to_ms: number, step_ms: number, where?: Where): Float64Array
  /** Sums by the values of one dimension, in the order of `measures`. */
  groups(
    measures: readonly Measure[],
    dimension: string,
    from_ms: number,
    to_ms: number,
    where?: Where,
  ): Map<string, Float64Array>
  /** For localisation: measures must be of one kind. Default: every dimension the kind's cells have. */
  cells(
    measures: readonly Measure[],
    from_ms: number,
    to_ms: number,
    options?: { where?: Where; dimensions?: readonly string[] },
  ): Cells
  /** The slices of a range, for whoever adds them up in another way. */
  slices(kind: Kind, from_ms: number, to_ms: number): KindSlices
  /** Dimensions of a kind's cells: causal dimensions, and the kind's own (see `cellFields.ts`). */
  dimensions(kind: Kind): readonly string[]
  /** Who reported on this stream by the values of `by`, for absence. */
  heard(kind: 'hop', by: readonly string[]): readonly Heard[]
}
