import { measureOverRollup, metricSql } from '../../schemas/sql.ts'
import { quotient } from './hopQueries.ts'
import { scope } from './scope.ts'
import { rollup } from './source.ts'
import { pointTime, wholePoints, wholeRange } from './time.ts'

const { by, step_s } = rollup('probe_10s')
const where = scope(by, ['stream']).join('\n  AND ')

/** 0 healthy, 1 degraded, 2 failed: the worst of all places. */
export const VERDICTS = `SELECT ${pointTime(step_s)}, target, toFloat64(max(indexOf(['healthy', 'degraded', 'failed'], verdict) - 1)) AS worst
FROM probe_10s
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at, target
ORDER BY at, target`

export const TARGETS = `SELECT target, region, ${measureOverRollup('probes_count')} AS checks, ${metricSql('probe_failure', { over: 'rollup' })} AS failing,
  ${quotient('probe_startup_sum', 'probe_startup_count')} AS startup, ${quotient('probe_freshness_sum', 'probe_freshness_count')} AS freshness
FROM probe_10s
WHERE ${where} AND ${wholeRange(step_s)}
GROUP BY target, region
ORDER BY failing DESC, target
LIMIT 200`

export const PROBE_REASONS = `SELECT reason, stage, target, ${measureOverRollup('probes_count')} AS checks, max(time) AS last_seen
FROM probe_10s
WHERE ${where} AND ${wholeRange(step_s)} AND reason != ''
GROUP BY reason, stage, target
ORDER BY checks DESC
LIMIT 100`

const line = (value: string): string => `SELECT ${pointTime(step_s)}, target, ${value}
FROM probe_10s
WHERE ${where} AND ${wholePoints(step_s)}
GROUP BY at, target
ORDER BY at, target`

export const PROBE_STARTUP = line(`${quotient('probe_startup_sum', 'probe_startup_count')} AS startup`)
export const PROBE_FRESHNESS = line(
  `${quotient('probe_freshness_sum', 'probe_freshness_count')} AS freshness`,
)

export const CHECKS = `SELECT ${measureOverRollup('probes_count')} AS "Checks"
FROM probe_10s
WHERE ${where} AND ${wholeRange(step_s)}`
