/** Values over time, in order; null breaks the line. */
export type Points = readonly (readonly [ms: number, value: number | null])[]

/** One small chart of many on the same axis. */
export interface ChartRow {
  readonly id: string
  readonly title: string
  /** What it is of, smaller, under the title. */
  readonly about?: string
  readonly points: Points
  /** The same of everybody else, or of the last show, at the same times: a quiet line beside it. */
  readonly others?: Points
  /** What the quiet line is, before its value: "others 62 ms". */
  readonly othersText?: (value: string) => string
  readonly text: (value: number) => string
  readonly objective?: number | undefined
  readonly objectiveText?: string | undefined
  /** What no value exceeds: 1 for shares. */
  readonly limit?: number | undefined
  /** Where its name leads: to the incident that is drawn. */
  readonly href?: string | undefined
  /** Counts of people or things. */
  readonly whole?: boolean
  readonly tone?: 'sick' | 'strained' | 'plain' | 'over'
  /** The worst value while an incident lasted, as text. */
  readonly worstText?: string | undefined
  /** Steps of the axis, ms: a value older than two of them is no current one. Default 10 s. */
  readonly step_ms?: number
}

/** Something that happened, across all charts of an axis. */
export interface Band {
  readonly from_ms: number
  readonly to_ms: number
  readonly tone: 'incident' | 'round' | 'change'
  readonly label: string
  readonly href?: string
}

/** The newest known point of a row. */
const lastKnown = ({ points }: Pick<ChartRow, 'points'>) => points.findLast(([, value]) => value !== null)

/** What the caption of a row says at the end of its axis: a value, or since when there is none. */
export function captionOf(
  row: Pick<ChartRow, 'points' | 'step_ms'>,
  to_ms: number,
): { readonly value?: number; readonly silent_ms?: number; readonly was?: number } {
  const last = lastKnown(row)
  if (last === undefined) return {}
  const age_ms = to_ms - last[0]
  return age_ms <= 2 * (row.step_ms ?? 10_000) ? { value: last[1]! } : { silent_ms: age_ms, was: last[1]! }
}

/** The known point nearest to a moment, at most one step and a half away. */
export function nearestPoint(
  { points, step_ms = 10_000 }: Pick<ChartRow, 'points' | 'step_ms'>,
  ms: number,
): readonly [number, number | null] | undefined {
  let found: readonly [number, number | null] | undefined
  for (const point of points)
    if (found === undefined || Math.abs(point[0] - ms) < Math.abs(found[0] - ms)) found = point
  return found !== undefined && Math.abs(found[0] - ms) <= 1.5 * step_ms ? found : undefined
}

/**
 * Stretches of an axis in which nothing was measured though something was measured before: longer than two steps, up to the end.
 */
export function gapsOf(
  { points, step_ms = 10_000 }: Pick<ChartRow, 'points' | 'step_ms'>,
  to_ms: number,
): { readonly from_ms: number; readonly to_ms: number }[] {
  const gaps: { from_ms: number; to_ms: number }[] = []
  let known: number | undefined
  const close = (ms: number) => {
    if (known !== undefined && ms - known > 2 * step_ms) gaps.push({ from_ms: known, to_ms: ms })
  }
  for (const [ms, value] of points) {
    if (value === null) continue
    close(ms)
    known = ms
  }
  close(to_ms)
  return gaps
}
