import type { FieldMap } from '../fieldMap.ts'

/**
 * nginx with
 * `log_format firstframe escape=json '{"time":"$msec","node":"$hostname","uri":"$uri","args":"$args","status":"$status",'
 * '"bytes":"$bytes_sent","ttfb":"$upstream_header_time","cache":"$upstream_cache_status"}';`
 */
export const nginx: FieldMap = {
  docs: 'https://nginx.org/en/docs/http/ngx_http_log_module.html',
  time: { field: 'time', unit: 's' },
  edge: ['node'],
  path: 'uri',
  query: 'args',
  status: 'status',
  bytes: 'bytes',
  ttfb: { field: 'ttfb', unit: 's' },
  cache: { field: 'cache', hit: ['HIT', 'STALE', 'UPDATING', 'REVALIDATED'] },
}
