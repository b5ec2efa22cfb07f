import type { FieldMap } from '../fieldMap.ts'

/** Alibaba Cloud CDN's real-time log as Simple Log Service hands it on (JSON). It has no time to the first byte. */
export const alibaba: FieldMap = {
  docs: 'https://www.alibabacloud.com/help/en/cdn/user-guide/real-time-logs',
  time: ['unixtime', '__time__'],
  edge: ['server_addr', 'via_info'],
  path: ['uri'],
  query: ['uri_param'],
  referer: ['refer_domain', 'referer'],
  status: ['return_code'],
  bytes: ['response_size'],
  cache: { fields: ['hit_info'], hit: /^(TCP_)?(HIT|MEM_HIT|REFRESH_HIT|IMS_HIT|STALE_HIT)/i },
}
