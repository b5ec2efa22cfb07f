import type { ReadBatch } from '../../../schemas/arrow/reader.ts'
import { type Condition, MEASURES, type Measure, type MeasureSpec } from '../../../schemas/measures.ts'

/** Fields a measure reads, besides `weight`. */
export function fieldsOf(name: Measure): string[] {
  const { add = [], times, where = {}, repeated } = MEASURES[name] as MeasureSpec
  const again = repeated ? [repeated.reference, ...repeated.within] : []
  return [...add, ...(times ? [times] : []), ...Object.keys(where), ...again]
}

/** Sets to 0 every row that does not fit a condition on one field. */
function apply(into: Float64Array, batch: ReadBatch, field: string, want: Condition): void {
  const column = batch.column(field)
  const { rows } = batch
  if (column.type === 'label') {
    const fits = column.values.map((value) =>
      typeof want === 'string'
        ? value === want
        : Array.isArray(want)
          ? want.includes(value)
          : typeof want === 'object' && 'not' in want && value !== want.not,
    )
    for (let row = 0; row < rows; row += 1) if (!fits[column.codes[row]!]) into[row] = 0
  } else if (column.type === 'flag') {
    for (let row = 0; row < rows; row += 1) if ((column.values[row] === 1) !== want) into[row] = 0
  } else if (column.type === 'number') {
    const { values, valid } = column
    const least = typeof want === 'object' && 'at_least' in want ? want.at_least : Number.NEGATIVE_INFINITY
    for (let row = 0; row < rows; row += 1) {
      if ((valid !== undefined && valid[row] === 0) || values[row]! < least) into[row] = 0
    }
  } else throw new Error(`a measure cannot be conditioned on the text ${field}`)
}

/**
 * A measure of every row of a batch: weight × value where its conditions hold, else 0. Of distinct sessions: 1 where they hold.
 * The same arithmetic as `measureOverRaw` in SQL, in doubles.
 */
export function measureRows(name: Measure, batch: ReadBatch): Float64Array {
  const { add, times, where, aggregate } = MEASURES[name] as MeasureSpec
  const { rows } = batch
  if (aggregate === 'unique') {
    const into = new Float64Array(rows).fill(1)
    for (const [field, want] of Object.entries(where ?? {})) apply(into, batch, field, want)
    return into
  }
  const into = new Float64Array(rows)
  if (add) {
    for (const field of add) {
      const { values, valid } = batch.number(field)
      for (let row = 0; row < rows; row += 1) {
        if (valid === undefined || valid[row] === 1) into[row]! += values[row]!
      }
    }
  } else into.fill(1)
  const weight = batch.number('weight').values
  for (let row = 0; row < rows; row += 1) into[row]! *= weight[row]!
  if (times) {
    const { values, valid } = batch.number(times)
    for (let row = 0; row < rows; row += 1)
      into[row]! *= valid === undefined || valid[row] === 1 ? values[row]! : 0
  }
  for (const [field, want] of Object.entries(where ?? {})) apply(into, batch, field, want)
  return into
}
