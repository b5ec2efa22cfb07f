/**
 * Time in a panel's SQL. Grafana's interval is rounded up to whole steps of the rollup, and a line is drawn for whole intervals only:
 * a half-filled one would look like a fall of the audience.
 */

/** Length of one point, in seconds: Grafana's interval rounded up to the rollup's step. */
export const pointSeconds = (step_s: number): string =>
  `intDiv($__interval_s + ${step_s - 1}, ${step_s}) * ${step_s}`

/** The beginning of the point that a moment lies in. */
export const pointStart = (of: string, step_s: number): string =>
  `toStartOfInterval(${of}, toIntervalSecond(${pointSeconds(step_s)}))`

/** The time column of a line. It is not called `time`: ClickHouse would take the alias for the column in WHERE. */
export const pointTime = (step_s: number, column = 'time'): string => `${pointStart(column, step_s)} AS at`

/** Whole points between the board's two ends. */
export const wholePoints = (step_s: number, column = 'time'): string =>
  `${column} >= ${pointStart('$__fromTime', step_s)} AND ${column} < ${pointStart('$__toTime', step_s)}`

/** The beginning of the board's time, or of its last `recent_s` seconds. */
const beginning = (recent_s?: number): string =>
  recent_s === undefined ? '$__fromTime' : `greatest($__fromTime, $__toTime - INTERVAL ${recent_s} SECOND)`

/** Everything between the board's two ends, by the rollup's step; with `recent_s` only so much before the later one. */
export const wholeRange = (step_s: number, recent_s?: number): string =>
  `time >= toStartOfInterval(${beginning(recent_s)}, toIntervalSecond(${step_s})) AND time < $__toTime`

/** Length in ms of what `wholeRange` takes in: from the beginning of the first step until the board's end. */
export const range_ms = (step_s: number, recent_s?: number): string =>
  `((toUnixTimestamp($__toTime) - toUnixTimestamp(toStartOfInterval(${beginning(recent_s)}, toIntervalSecond(${step_s})))) * 1000)`

/** Length of one point in ms. */
export const point_ms = (step_s: number): string => `(${pointSeconds(step_s)} * 1000)`
