import { measureOverRollup, metricSql } from '../../schemas/sql.ts'
import { scope } from './scope.ts'
import { rollup } from './source.ts'
import { pointTime, range_ms, wholePoints, wholeRange } from './time.ts'

const { by, step_s } = rollup('audience_5m')
const where = [...scope(by, ['stream', 'app']), 'NOT synthetic'].join('\n  AND ')
const range = `FROM audience_5m\nWHERE ${where} AND ${wholeRange(step_s)}`

export const VIEWERS = `SELECT ${measureOverRollup('viewers_uniq')} AS "Viewers"\n${range}`
export const SESSIONS = `SELECT ${measureOverRollup('sessions_uniq')} AS "Sessions"\n${range}`
export const WATCH_HOURS = `SELECT ${measureOverRollup('played_ms_sum')} / 3600000 AS "Watch time"\n${range}`
export const BYTES = `SELECT ${measureOverRollup('bytes_sum')} AS "Delivered"\n${range}`
export const BYTES_SAVED = `SELECT ${measureOverRollup('bytes_reference_sum')} - ${measureOverRollup('bytes_compared_sum')} AS "Saved"\n${range}`
/** The price of a gigabyte is a text box of the board. */
export const COST = `SELECT ${measureOverRollup('bytes_sum')} / 1e9 * toFloat64OrZero(\${price_per_gb:sqlstring}) AS "Cost"\n${range}`

export const REACH = `SELECT ${pointTime(step_s)}, app, toFloat64(${measureOverRollup('viewers_uniq')}) AS viewers
FROM audience_5m
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at, app
ORDER BY at, app`

export const BY_CODEC = `SELECT codec, ${measureOverRollup('played_ms_sum')} / 3600000 AS watch_hours, ${metricSql('bitrate', { over: 'rollup' })} AS bitrate,
  ${measureOverRollup('bytes_sum')} AS delivered, ${measureOverRollup('bytes_reference_sum')} AS would_have_been, ${metricSql('bandwidth_saved', { over: 'rollup' })} AS saved
${range}
GROUP BY codec
ORDER BY delivered DESC`

export const BY_APP = `SELECT app, ${measureOverRollup('viewers_uniq')} AS viewers, ${measureOverRollup('sessions_uniq')} AS sessions,
  ${measureOverRollup('played_ms_sum')} / 60000 / nullIf(${measureOverRollup('viewers_uniq')}, 0) AS minutes_a_viewer,
  ${metricSql('concurrent_plays', { over: 'rollup', window_ms: range_ms(step_s) })} AS average_audience, ${metricSql('stalled_viewers', { over: 'rollup' })} AS stalled
${range}
GROUP BY app
ORDER BY viewers DESC`

export const BYTES_OVER_TIME = `SELECT ${pointTime(step_s)}, codec, ${measureOverRollup('bytes_sum')} AS bytes
FROM audience_5m
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at, codec
ORDER BY at, codec`
