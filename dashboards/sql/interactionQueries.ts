import { measureOverRollup, metricSql } from '../../schemas/sql.ts'
import { quotient } from './hopQueries.ts'
import { titled } from './metricQueries.ts'
import { scope } from './scope.ts'
import { rollup } from './source.ts'
import { point_ms, pointTime, wholePoints, wholeRange } from './time.ts'

const where = (name: 'interaction_10s' | 'cue_10s' | 'cohost_10s' | 'resource_10s'): string =>
  [...scope(rollup(name).by, ['stream', 'app']), 'NOT synthetic'].join('\n  AND ')

/** One row a round: who took part, what arrived, how fast. */
export const ROUNDS = `SELECT round, min(time) AS began, ${measureOverRollup('participants_uniq')} AS took_part, ${measureOverRollup('interactions_count')} AS interactions,
  ${metricSql('interaction_success', { over: 'rollup' })} AS success, ${metricSql('interaction_latency', { over: 'rollup' })} AS round_trip
FROM interaction_10s
WHERE ${where('interaction_10s')} AND ${wholeRange(10)} AND round != ''
GROUP BY round
ORDER BY began DESC
LIMIT 100`

export const PARTICIPANTS = `SELECT ${measureOverRollup('participants_uniq')} AS "Took part"
FROM interaction_10s
WHERE ${where('interaction_10s')} AND ${wholeRange(10)}`

/** From the operator's trigger to each stage, by app: the spread between apps is what is unfair. */
export const CUE_BY_APP = `SELECT app, ${measureOverRollup('cues_shown_count')} AS shown,
  ${metricSql('cue_production_latency', { over: 'rollup' })} AS trigger_to_screen, ${quotient('cue_skew_sum', 'cue_skew_count')} AS page_after_frame
FROM cue_10s
WHERE ${where('cue_10s')} AND ${wholeRange(10)} AND app != ''
GROUP BY app
ORDER BY trigger_to_screen DESC`

/** Apps furthest behind and furthest ahead, and what lies between. */
export const LATENCY_SPREAD = `SELECT at, max(latency) - min(latency) AS "Between the apps" FROM (
  SELECT ${pointTime(10)}, app, ${metricSql('live_latency_spread', { over: 'rollup' })} AS latency
  FROM heartbeat_stream_10s
  WHERE ${[...scope(rollup('heartbeat_stream_10s').by, ['stream', 'app']), 'NOT synthetic'].join('\n    AND ')} AND ${wholePoints(10)} AND app != ''
  GROUP BY at, app
)
GROUP BY at
ORDER BY at`

export const BY_ACTION = `SELECT ${pointTime(10)}, action, ${metricSql('interactions_per_minute', { over: 'rollup', window_ms: point_ms(10) })} AS ${titled('interactions_per_minute')}
FROM interaction_10s
WHERE ${where('interaction_10s')} AND ${wholePoints(10)}
GROUP BY at, action
ORDER BY at, action`

/** Levels against their capacity: prize pools and gateways. */
export const LEVELS = `SELECT ${pointTime(10)}, concat(resource, ' ', node) AS name, ${metricSql('resource_level', { over: 'rollup' })} AS ${titled('resource_level')}
FROM resource_10s
WHERE ${where('resource_10s')} AND ${wholePoints(10)}
GROUP BY at, resource, node
ORDER BY at, name`

export const COHOST = `SELECT ${pointTime(10)}, ${metricSql('cohost_latency', { over: 'rollup' })} AS ${titled('cohost_latency')},
  ${quotient('cohost_rtt_sum', 'cohost_rtt_count')} AS "Round trip"
FROM cohost_10s
WHERE ${where('cohost_10s')} AND ${wholePoints(10)}
GROUP BY at
ORDER BY at`
