import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import type { Measure } from '../../schemas/measures.ts'
import { measureOverRollup, metricSql, metricWhere } from '../../schemas/sql.ts'
import { quotient } from './hopQueries.ts'
import { FILTERS, scope } from './scope.ts'
import { rollup } from './source.ts'
import { pointTime, range_ms, wholePoints, wholeRange } from './time.ts'

const { by, step_s } = rollup('startup_10s')
const where = [...scope(by, FILTERS), metricWhere('video_startup_time')].join('\n  AND ')

/** Mean of each phase, in the order a viewer lives through them. */
const phases = STARTUP_PHASES.map((phase) => {
  const name = phase.replace(/_ms$/, '')
  return `${quotient(`${name}_sum` as Measure, `${name}_count` as Measure)} AS ${name}`
}).join(',\n  ')

/** One stacked bar a value: where the time to the first frame goes. */
export const waterfall = (dimension: string): string => `SELECT ${dimension}, ${phases}
FROM startup_10s
WHERE ${where} AND ${wholeRange(step_s)}
GROUP BY ${dimension}
ORDER BY ${measureOverRollup('attempts_count')} DESC
LIMIT 12`

export const PHASES_OVER_TIME = `SELECT ${pointTime(step_s)}, ${phases}
FROM startup_10s
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at
ORDER BY at`

export const OUTCOMES = `SELECT ${pointTime(step_s)}, ${measureOverRollup('starts_count')} AS "Started",
  ${measureOverRollup('abandons_count')} AS "Left before start", ${measureOverRollup('start_failures_count')} AS "Failed"
FROM startup_10s
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at
ORDER BY at`

export const ATTEMPTS = `SELECT ${measureOverRollup('attempts_count')} AS "Attempts"
FROM startup_10s
WHERE ${where} AND ${wholeRange(step_s)}`

/** Raw rows, but of failures only, and no further back than an hour. */
export const ERRORS = `SELECT error_category AS category, error_code AS code, sum(weight) AS attempts, uniq(session) AS sessions,
  any(error_message) AS example, max(received_time) AS last_seen
FROM startup
WHERE tenant = \${tenant:sqlstring} AND show = \${show:sqlstring} AND $__conditionalAll(stream IN (\${stream:sqlstring}), $stream)
  AND $__conditionalAll(app IN (\${app:sqlstring}), $app) AND $__conditionalAll(cdn IN (\${cdn:sqlstring}), $cdn)
  AND received_time >= greatest($__fromTime, $__toTime - INTERVAL 1 HOUR) AND received_time < $__toTime
  AND toStartOfFiveMinutes(received_time) >= toStartOfFiveMinutes(greatest($__fromTime, $__toTime - INTERVAL 1 HOUR))
  AND outcome = 'failed' AND NOT synthetic AND weight > 0
GROUP BY category, code
ORDER BY attempts DESC
LIMIT 50`

export const FIRST_SCREEN_QUANTILES = `SELECT ${pointTime(step_s)},
  ${metricSql('video_startup_time', { over: 'rollup', window_ms: range_ms(step_s) })} AS "Mean",
  ${metricSql('video_startup_time_p95', { over: 'rollup', window_ms: range_ms(step_s) })} AS "95th percentile"
FROM startup_10s
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at
ORDER BY at`
