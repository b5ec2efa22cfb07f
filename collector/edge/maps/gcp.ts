import type { FieldMap } from '../fieldMap.ts'

/** Google Cloud CDN and Media CDN: log entries of the load balancer, by a push subscription of Pub/Sub or as JSON lines. */
export const gcp: FieldMap = {
  docs: 'https://cloud.google.com/cdn/docs/logging',
  time: ['timestamp', 'receiveTimestamp'],
  edge: ['jsonPayload.metroIataCode', 'jsonPayload.proxyRegionCode', 'resource.labels.zone'],
  path: ['httpRequest.requestUrl'],
  referer: ['httpRequest.referer'],
  status: ['httpRequest.status'],
  bytes: ['httpRequest.responseSize'],
  ttfb: { fields: ['jsonPayload.ttfb', 'httpRequest.latency'], unit: 's' },
  cache: {
    fields: ['httpRequest.cacheHit', 'jsonPayload.cacheStatus'],
    hit: /^(true|hit|stale|revalidated)/i,
  },
}
