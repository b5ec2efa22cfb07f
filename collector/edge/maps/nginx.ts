import type { FieldMap } from '../fieldMap.ts'

/**
 * nginx with
 * `log_format firstframe escape=json '{"time":"$msec","node":"$hostname","uri":"$uri","args":"$args","status":"$status",'
 * '"bytes":"$bytes_sent","ttfb":"$upstream_header_time","cache":"$upstream_cache_status",'
 * '"upstream":"$upstream_addr","upstream_status":"$upstream_status",'
 * '"referer":"$http_referer"}';`
 * Where nginx tried several upstreams their times are added, and the last one's status counts.
 */
export const nginx: FieldMap = {
  docs: 'https://nginx.org/en/docs/http/ngx_http_log_module.html',
  time: ['time'],
  edge: ['node'],
  path: ['uri'],
  query: ['args'],
  referer: ['referer'],
  status: ['status'],
  bytes: ['bytes'],
  ttfb: { fields: ['ttfb'], unit: 's' },
  cache: { fields: ['cache'], hit: /^(HIT|STALE|UPDATING|REVALIDATED)/i },
  origin: {
    node: ['upstream'],
    status: ['upstream_status'],
    ttfb: { fields: ['upstream_ttfb'], unit: 's' },
  },
}
