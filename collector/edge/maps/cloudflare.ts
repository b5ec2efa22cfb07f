import type { FieldMap } from '../fieldMap.ts'

/** Cloudflare Logpush, data set `http_requests`, JSON lines. */
export const cloudflare: FieldMap = {
  docs: 'https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/',
  time: ['EdgeStartTimestamp', 'EdgeEndTimestamp'],
  edge: ['EdgeColoCode', 'EdgeColoID'],
  path: ['ClientRequestURI', 'ClientRequestPath'],
  referer: ['ClientRequestReferer'],
  status: ['EdgeResponseStatus'],
  bytes: ['EdgeResponseBytes', 'EdgeResponseBodyBytes'],
  ttfb: { fields: ['EdgeTimeToFirstByteMs'], unit: 'ms' },
  cache: { fields: ['CacheCacheStatus'], hit: /^(hit|stale|updating|revalidated)/i },
  // The status is 0 where the edge asked nobody.
  origin: {
    node: ['OriginIP', 'UpperTierColoID'],
    status: ['OriginResponseStatus'],
    ttfb: { fields: ['OriginResponseHeaderReceiveDurationMs', 'OriginResponseDurationMs'], unit: 'ms' },
  },
}
