import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { EventGroup } from '../../schemas/eventRoute.ts'
import { known } from '../counters.ts'

/** Requests that a server answered: one, or several of a kind together. */
export interface Calls {
  readonly at_ms: number
  readonly hop: BeaconEvent<'hop'>['hop']
  readonly service: string
  /** `GET /v1/likes/{id}`; '' where the server does not say. */
  readonly route: string
  readonly context: ClientContext
  readonly count: number
  /** HTTP status; 0: not known. */
  readonly status: number
  /** All of them together, ms. */
  readonly duration_ms: number | undefined
}

/** Where a server stands on the link, by its resource attributes; else the room's own API. */
export function placeOf(
  resource: ReadonlyMap<string, string>,
  query: Readonly<Record<string, string>>,
): { readonly hop: Calls['hop']; readonly context: ClientContext } {
  const named = resource.get('firstframe.hop') ?? query.hop ?? ''
  const hop = HOPS.find((each) => each === named) ?? 'interaction'
  const text = (name: string): string | undefined =>
    resource.get(`firstframe.${name}`) || query[name] || undefined
  return { hop, context: { show: text('show'), stream: text('stream') } }
}

const HOPS = ['encoder', 'ingest', 'transcode', 'origin', 'edge', 'interaction'] as const
const NAME = 128
const SECOND_MS = 1_000

interface Sum {
  readonly first: Calls
  requests: number
  timed: number
  duration_ms: number
  readonly statuses: [number, number, number, number]
}

/** Calls → one `hop` event for each second, service and route. */
export function countCalls(
  calls: readonly Calls[],
  about: { readonly tenant: string; readonly source: string },
): EventGroup[] {
  const sums = new Map<string, Sum>()
  for (const call of calls) {
    const { at_ms, hop, service, route, context, count, status, duration_ms } = call
    const key = [Math.floor(at_ms / SECOND_MS), hop, service, route, context.show, context.stream].join('\n')
    let sum = sums.get(key)
    if (sum === undefined)
      sums.set(key, (sum = { first: call, requests: 0, timed: 0, duration_ms: 0, statuses: [0, 0, 0, 0] }))
    sum.requests += count
    if (duration_ms !== undefined) {
      sum.timed += count
      sum.duration_ms += duration_ms
    }
    const group = Math.floor(status / 100) - 2
    if (group >= 0 && group < 4) sum.statuses[group as 0 | 1 | 2 | 3] += count
  }
  return [...sums.values()].map(({ first, requests, timed, duration_ms, statuses }) => {
    const node = [first.service, first.route].filter((part) => part !== '').join(' ')
    const event: BeaconEvent<'hop'> = {
      kind: 'hop',
      hop: first.hop,
      node: node.slice(0, NAME),
      time_ms: Math.floor(first.at_ms / SECOND_MS) * SECOND_MS,
      interval_ms: SECOND_MS,
      event: 'request',
      ...known({ ttfb_ms: timed === 0 ? undefined : Math.min(3_600_000, duration_ms / timed) }),
      requests,
      status_2xx: statuses[0],
      status_3xx: statuses[1],
      status_4xx: statuses[2],
      status_5xx: statuses[3],
    }
    return { ...about, context: first.context, events: [event] }
  })
}
