import type { FieldMap } from '../fieldMap.ts'

/** Akamai DataStream 2, JSON; `CMCD` is its own field when it is turned on. */
export const akamai: FieldMap = {
  docs: 'https://techdocs.akamai.com/datastream2/docs/data-set-parameters',
  time: { field: 'reqTimeSec', unit: 's' },
  edge: ['edgeIP', 'serverCountry'],
  path: 'reqPath',
  query: 'queryStr',
  cmcd: 'CMCD',
  status: 'statusCode',
  bytes: 'total_bytes',
  ttfb: { field: 'turnAroundTimeMSec', unit: 'ms' },
  cache: { field: 'cacheStatus', hit: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] },
}
