import type { Filter } from './scope.ts'

const seen = '$__timeFilter(time)'
const ofShow = 'tenant = ${tenant:sqlstring} AND show = ${show:sqlstring}'
const ofStream = `${ofShow} AND $__conditionalAll(stream IN (\${stream:sqlstring}), $stream)`

/** Values of the variables; each is asked with those before it. A show may have a link and no viewers yet. */
export const VARIABLES: Readonly<Record<'tenant' | 'show' | Filter, string>> = {
  tenant: `SELECT tenant FROM (SELECT tenant FROM heartbeat_stream_10s WHERE ${seen} UNION ALL SELECT tenant FROM hop_10s WHERE ${seen})
GROUP BY tenant ORDER BY tenant`,
  show: `SELECT show FROM (
  SELECT show FROM heartbeat_stream_10s WHERE tenant = \${tenant:sqlstring} AND ${seen}
  UNION ALL SELECT show FROM hop_10s WHERE tenant = \${tenant:sqlstring} AND ${seen})
GROUP BY show ORDER BY count() DESC`,
  stream: `SELECT stream FROM (
  SELECT stream FROM heartbeat_stream_10s WHERE ${ofShow} AND ${seen}
  UNION ALL SELECT stream FROM hop_10s WHERE ${ofShow} AND ${seen})
GROUP BY stream ORDER BY stream`,
  app: `SELECT app FROM heartbeat_stream_10s WHERE ${ofStream} AND ${seen} GROUP BY app ORDER BY app`,
  cdn: `SELECT cdn FROM heartbeat_stream_10s WHERE ${ofStream} AND ${seen} GROUP BY cdn ORDER BY cdn`,
}
