import type { FieldMap } from '../fieldMap.ts'

/**
 * Fastly's log format is the customer's own; this one:
 * `{ "timestamp": "%{begin:%Y-%m-%dT%H:%M:%SZ}t", "pop": "%{server.datacenter}V", "url": "%{json.escape(req.url)}V",
 * "status": %{resp.status}V, "bytes": %{resp.bytes_written}V, "ttfb": %{time.to_first_byte}V, "cache": "%{fastly_info.state}V" }`.
 * `origin_status`, `origin_ttfb` (s) and `backend` may be added by VCL that keeps them in `vcl_fetch`.
 */
export const fastly: FieldMap = {
  docs: 'https://www.fastly.com/documentation/guides/integrations/logging/',
  time: ['timestamp', 'time', 'time_start'],
  edge: ['pop', 'server_datacenter', 'datacenter'],
  path: ['url', 'request_url'],
  referer: ['referer'],
  status: ['status', 'response_status'],
  bytes: ['bytes', 'resp_bytes', 'response_body_size'],
  ttfb: { fields: ['ttfb', 'time_to_first_byte'], unit: 's' },
  // HIT-CLUSTER, HIT-STALE, HIT-WAIT, …; HITPASS goes to the origin.
  cache: { fields: ['cache', 'fastly_info_state', 'cache_status'], hit: /^HIT(?!PASS|-PASS)/i },
  origin: {
    node: ['shield', 'backend'],
    status: ['origin_status', 'backend_status'],
    ttfb: { fields: ['origin_ttfb'], unit: 's' },
  },
}
