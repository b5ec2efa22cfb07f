import type { FieldMap } from '../fieldMap.ts'

/**
 * Fastly's log format is the customer's own; this one:
 * `{ "timestamp": "%{begin:%Y-%m-%dT%H:%M:%SZ}t", "pop": "%{server.datacenter}V", "url": "%{json.escape(req.url)}V",
 * "status": %{resp.status}V, "bytes": %{resp.bytes_written}V, "ttfb": %{time.to_first_byte}V, "cache": "%{fastly_info.state}V" }`
 */
export const fastly: FieldMap = {
  docs: 'https://www.fastly.com/documentation/guides/integrations/logging/',
  time: { field: 'timestamp', unit: 'iso' },
  edge: ['pop', 'server_datacenter'],
  path: 'url',
  status: 'status',
  bytes: 'bytes',
  ttfb: { field: 'ttfb', unit: 's' },
  cache: { field: 'cache', hit: ['HIT', 'HIT-CLUSTER', 'HIT-STALE', 'HIT-WAIT', 'HIT-STALE-CLUSTER'] },
}
