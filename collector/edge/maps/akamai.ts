import type { FieldMap } from '../fieldMap.ts'

/** Akamai DataStream 2, JSON; `CMCD` is its own field when it is turned on. */
export const akamai: FieldMap = {
  docs: 'https://techdocs.akamai.com/datastream2/docs/data-set-parameters',
  time: ['reqTimeSec'],
  edge: ['edgeIP', 'serverCountry'],
  path: ['reqPath'],
  query: ['queryStr'],
  cmcd: ['CMCD', 'cmcd'],
  referer: ['referer'],
  status: ['statusCode'],
  bytes: ['totalBytes', 'total_bytes', 'bytes'],
  ttfb: { fields: ['timeToFirstByte', 'turnAroundTimeMSec'], unit: 'ms' },
  // 0: not from the cache; 1 and above say from which one.
  cache: { fields: ['cacheStatus'], hit: /^[1-9]/ },
}
