/**
 * Cells of one moment, column by column: row i is one combination of dimension values. The same code means the same
 * value in `now` and in `before`; a negative code means "not told" and is never named as a cause.
 */
export interface Cells {
  /** One column of codes for each dimension, in the order of `dimensions`. */
  readonly codes: readonly (Uint8Array | Uint16Array | Int32Array)[]
  /** Numerator of the ratio: stalled viewers, stalled ms, summed milliseconds. */
  readonly value: Float64Array
  /** Denominator of the ratio: viewers, played ms, starts. */
  readonly count: Float64Array
  /** `before` only: which minute or window a row belongs to (any integers). Without it all rows are one frame. */
  readonly frame?: Int32Array
}

/** What a ratio is made of: a share of its count (0…1, failures), or a level without an upper end (milliseconds). */
export type RatioKind = 'share' | 'level'

/** The distinct cells of now with their expected ratio: what every later step works on. */
export interface Matched {
  readonly size: number
  /** Codes of each dimension, one a cell. */
  readonly codes: readonly Int32Array[]
  /** Value and count of now, in viewers (count divided by `countPerViewer`). */
  readonly value: Float64Array
  readonly count: Float64Array
  /** Expected ratio of each cell, had nothing happened. */
  readonly expected: Float64Array
  /** Now ÷ what was expected, at now's own mix of cells: a factor. */
  readonly rise: number
}
