import type { EdgeRequest } from './readLogLine.ts'

const SECOND_MS = 1_000

interface Count {
  readonly edge: string
  readonly stream: string
  readonly second: number
  requests: number
  cache_hits: number
  bytes_out: number
  ttfb_ms: number
  timed: number
  readonly statuses: [number, number, number, number]
}

/**
 * Requests → one `hop` event of the edge for each second, edge and stream; sums, so that another batch about the same
 * second adds to it.
 */
export function countRequests(
  requests: readonly (EdgeRequest & { readonly stream: string })[],
): Record<string, unknown>[] {
  const counts = new Map<string, Count>()
  for (const { time_ms, edge, stream, status, bytes, ttfb_ms, hit } of requests) {
    const second = Math.floor(time_ms / SECOND_MS)
    const key = `${second}\n${edge}\n${stream}`
    let count = counts.get(key)
    if (count === undefined) {
      count = {
        edge,
        stream,
        second,
        requests: 0,
        cache_hits: 0,
        bytes_out: 0,
        ttfb_ms: 0,
        timed: 0,
        statuses: [0, 0, 0, 0],
      }
      counts.set(key, count)
    }
    count.requests += 1
    count.bytes_out += bytes
    if (hit) count.cache_hits += 1
    if (ttfb_ms !== undefined) {
      count.ttfb_ms += ttfb_ms
      count.timed += 1
    }
    const group = Math.floor(status / 100) - 2
    // 0 and 1xx: the viewer left before an answer; nginx writes 499, a 4xx.
    if (group >= 0 && group < 4) count.statuses[group as 0 | 1 | 2 | 3] += 1
  }
  return [...counts.values()].map(
    ({ edge, stream, second, requests: all, cache_hits, bytes_out, ttfb_ms, timed, statuses }) => ({
      kind: 'hop',
      hop: 'edge',
      node: edge.slice(0, 128),
      edge: edge.slice(0, 128),
      stream: stream.slice(0, 128),
      time_ms: second * SECOND_MS,
      interval_ms: SECOND_MS,
      event: 'request',
      requests: all,
      cache_hits,
      bytes_out,
      ttfb_ms: timed === 0 ? undefined : Math.min(3_600_000, ttfb_ms / timed),
      status_2xx: statuses[0],
      status_3xx: statuses[1],
      status_4xx: statuses[2],
      status_5xx: statuses[3],
    }),
  )
}
