import { HOPS } from '../../schemas/kinds/kinds.ts'
import type { Measure } from '../../schemas/measures.ts'
import { measureOverRollup } from '../../schemas/sql.ts'
import { scope } from './scope.ts'
import { rollup } from './source.ts'
import { pointSeconds, pointStart, pointTime, wholePoints, wholeRange } from './time.ts'

/** A quotient of two measures of a rollup, null where the denominator is 0. */
export const quotient = (top: Measure, bottom: Measure): string =>
  `${measureOverRollup(top)} / nullIf(${measureOverRollup(bottom)}, 0)`

const { by, step_s } = rollup('hop_10s')
const where = [...scope(by, ['stream', 'cdn']), 'NOT synthetic'].join('\n  AND ')

const order = `indexOf([${HOPS.map((hop) => `'${hop}'`).join(', ')}], hop)`

/** 1 where a node (of the edges: a CDN) reported, 0 from its first report on where it did not. */
export const HOP_REPORTS = `SELECT at, name, reports FROM (
  SELECT ${pointTime(step_s)}, ${order} AS place, if(hop = 'edge', concat('edge ', cdn), concat(hop, ' ', node)) AS name,
    toFloat64(${measureOverRollup('hop_reports_count')} > 0) AS reports
  FROM hop_10s
  WHERE ${where} AND ${wholePoints(step_s)}
  GROUP BY at, place, name
  ORDER BY place, name, at WITH FILL TO ${pointStart('$__toTime', step_s)} STEP toIntervalSecond(${pointSeconds(step_s)})
)
ORDER BY place, name, at`

export const HOP_NODES = `SELECT hop, node, cdn, ${measureOverRollup('hop_reports_count')} AS reports,
  ${quotient('hop_bitrate_in_sum', 'hop_bitrate_in_count')} AS bitrate_in,
  ${quotient('hop_bitrate_out_sum', 'hop_bitrate_out_count')} AS bitrate_out,
  ${quotient('hop_fps_in_sum', 'hop_fps_in_count')} AS fps_in,
  ${quotient('hop_fps_out_sum', 'hop_fps_out_count')} AS fps_out,
  ${quotient('hop_speed_sum', 'hop_speed_count')} AS speed,
  ${quotient('hop_congestion_sum', 'hop_congestion_count')} AS congestion,
  ${quotient('hop_av_offset_sum', 'hop_av_offset_count')} AS av_offset,
  ${quotient('hop_frames_dropped_sum', 'hop_frames_sum')} AS dropped,
  ${quotient('hop_ttfb_sum', 'hop_ttfb_requests_sum')} AS first_byte,
  ${quotient('hop_errors_sum', 'hop_requests_sum')} AS errors,
  ${quotient('hop_cache_hits_sum', 'hop_requests_sum')} AS cache_hits
FROM hop_10s
WHERE ${where} AND ${wholeRange(step_s)}
GROUP BY hop, node, cdn
ORDER BY ${order}, node
LIMIT 300`
