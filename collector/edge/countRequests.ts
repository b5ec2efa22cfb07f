import type { EdgeRequest } from './readLogLine.ts'

const SECOND_MS = 1_000

type Hop = 'edge' | 'origin'

/** Answers by which a CDN keeps somebody out: no or an expired token, not allowed, gone. */
const REFUSALS = new Set([401, 403, 410])

const isOwn = (host: string, own: readonly string[]): boolean =>
  own.some((name) => (name.startsWith('.') ? host.endsWith(name) : host === name))

/** What one server did for one stream in one second. */
interface Count {
  readonly hop: Hop
  readonly node: string
  readonly edge: string
  readonly stream: string
  readonly second: number
  requests: number
  cache_hits: number
  bytes_out: number
  ttfb_ms: number
  timed: number
  refused: number
  hotlinked: number
  readonly statuses: [number, number, number, number]
}

interface Counted {
  readonly hop: Hop
  readonly node: string
  readonly edge: string
  readonly status: number
  readonly bytes: number
  readonly ttfb_ms: number | undefined
  readonly hit: boolean
}

/** Longest name of a node, edge or stream. */
const NAME = 128

/**
 * Requests → one `hop` event for each second, server and stream; sums, so that another batch about the same second adds
 * to it. A request that the edge passed on to its origin or shield is counted there, too.
 * @param hop where the servers that wrote the log stand
 * @param referers hosts of the own pages; undefined: nobody is held to be a stranger
 */
export function countRequests(
  requests: readonly (EdgeRequest & { readonly stream: string })[],
  hop: Hop = 'edge',
  referers?: readonly string[],
): Record<string, unknown>[] {
  const counts = new Map<string, Count>()
  for (const request of requests) {
    const { edge, origin } = request
    const place = { stream: request.stream, second: Math.floor(request.time_ms / SECOND_MS) }
    const count = add(counts, place, { ...request, hop, node: edge })
    if (REFUSALS.has(request.status)) {
      const { referer } = request
      if (referer !== undefined && referers !== undefined && !isOwn(referer, referers)) count.hotlinked += 1
      else count.refused += 1
    }
    if (origin !== undefined)
      add(counts, place, { ...origin, hop: 'origin', edge, bytes: request.bytes, hit: false })
  }
  return [...counts.values()].map(eventOf)
}

function add(
  counts: Map<string, Count>,
  { stream, second }: Pick<Count, 'stream' | 'second'>,
  { hop, node, edge, status, bytes, ttfb_ms, hit }: Counted,
): Count {
  const key = `${second}\n${hop}\n${node}\n${edge}\n${stream}`
  let count = counts.get(key)
  if (count === undefined) {
    const sums = { requests: 0, cache_hits: 0, bytes_out: 0, ttfb_ms: 0, timed: 0, refused: 0, hotlinked: 0 }
    count = { hop, node, edge, stream, second, ...sums, statuses: [0, 0, 0, 0] }
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
  return count
}

function eventOf(count: Count): Record<string, unknown> {
  const { hop, node, edge, stream, second, requests, cache_hits, bytes_out, ttfb_ms, timed, statuses } = count
  return {
    kind: 'hop',
    hop,
    node: node.slice(0, NAME),
    edge: edge.slice(0, NAME),
    stream: stream.slice(0, NAME),
    time_ms: second * SECOND_MS,
    interval_ms: SECOND_MS,
    event: 'request',
    requests,
    requests_refused: count.refused,
    requests_hotlinked: count.hotlinked,
    cache_hits,
    bytes_out,
    ttfb_ms: timed === 0 ? undefined : Math.min(3_600_000, ttfb_ms / timed),
    status_2xx: statuses[0],
    status_3xx: statuses[1],
    status_4xx: statuses[2],
    status_5xx: statuses[3],
  }
}
