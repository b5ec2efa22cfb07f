import { KIND_NAMES } from '../../schemas/kinds/kinds.ts'
import { MEASURES } from '../../schemas/measures.ts'
import { isView, keptBy, ROLLUP_NAMES, ROLLUPS } from '../../schemas/rollups.ts'
import { measureOverRaw, measureOverRollup } from '../../schemas/sql.ts'

type Query = <T>(sql: string) => Promise<T[]>

/** Every stored rollup, with the counts of its kind that it keeps. */
const COUNTED = ROLLUP_NAMES.filter((rollup) => !isView(rollup)).map((rollup) => {
  const { kind } = ROLLUPS[rollup]
  const counts = keptBy(ROLLUPS[rollup]).filter(
    (name) => MEASURES[name].kind === kind && MEASURES[name].aggregate === 'count',
  )
  return { rollup, kind, counts }
})

/**
 * The number of rows of all kinds in the store, or undefined while an insert is in a raw table and not yet in every rollup of it.
 * When the same number is read before and after other readings, nothing was written while those were made.
 */
export async function rowsAtRest(query: Query): Promise<number | undefined> {
  const rows = await Promise.all(
    KIND_NAMES.map((kind) => query<{ n: string }>(`SELECT count() AS n FROM ${kind}`)),
  )
  const areEqual = await Promise.all(
    COUNTED.map(async ({ rollup, kind, counts }) => {
      const select = (over: typeof measureOverRaw) =>
        ['0 AS none', ...counts.map((name) => `round(${over(name)} * 1000) AS ${name}`)].join(', ')
      const [raw] = await query(`SELECT ${select(measureOverRaw)} FROM ${kind}`)
      const [rolled] = await query(`SELECT ${select(measureOverRollup)} FROM ${rollup}`)
      return JSON.stringify(raw) === JSON.stringify(rolled)
    }),
  )
  return areEqual.every(Boolean) ? rows.reduce((sum, [row]) => sum + Number(row!.n), 0) : undefined
}
