import type { FieldMap } from '../fieldMap.ts'

/** Alibaba Cloud CDN's real-time log as Simple Log Service hands it on (JSON). It has no time to the first byte. */
export const alibaba: FieldMap = {
  docs: 'https://www.alibabacloud.com/help/en/cdn/user-guide/real-time-logs',
  time: { field: 'unixtime', unit: 's' },
  edge: ['server_addr', 'via_info'],
  path: 'uri',
  query: 'uri_param',
  status: 'return_code',
  bytes: 'response_size',
  cache: { field: 'hit_info', hit: ['HIT', 'TCP_HIT', 'TCP_MEM_HIT', 'TCP_REFRESH_HIT'] },
}
