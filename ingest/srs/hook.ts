import type { BeaconEvent } from '../../schemas/beacon.ts'
import { known, numberOf } from '../counters.ts'
import { type HookOptions, mayPublish, tenantOfHook } from '../publishing.ts'
import { readObject, textIn } from '../readJson.ts'
import type { IngestAnswer, IngestRoute } from '../route.ts'

/** SRS lets a client go on only when the body is `0`. */
const GO_ON = { status: 200, contentType: 'application/json', body: '0' } as const
const REFUSED: IngestAnswer = { status: 403, contentType: 'application/json', body: '1' }

type Hook = Readonly<Record<string, unknown>>

function eventOf(hook: Hook): BeaconEvent<'hop'> | undefined {
  const node = textIn(hook.server_id)
  switch (hook.action) {
    case 'on_publish':
      return { kind: 'hop', hop: 'ingest', node, event: 'publish', status: 'up' }
    case 'on_unpublish':
      return { kind: 'hop', hop: 'ingest', node, event: 'unpublish', status: 'down' }
    case 'on_hls': {
      const duration_s = numberOf(hook.duration)
      const segment_duration_ms = duration_s === undefined ? undefined : duration_s * 1000
      return { kind: 'hop', hop: 'origin', node, event: 'segment', ...known({ segment_duration_ms }) }
    }
    default:
      return undefined
  }
}

/** SRS's HTTP callbacks (`on_publish`, `on_unpublish`, `on_hls`; others are let through). */
export function srsRoute(options: HookOptions): IngestRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/srs',
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, 'srs')
      if (typeof tenant !== 'string') return REFUSED
      const hook = readObject(request.body)
      const stream = textIn(hook?.stream)
      if (hook === undefined || stream === '') return { status: 400, body: '1' }
      const args = textIn(hook.param)
      if (hook.action === 'on_publish') {
        const publisher = { source: 'srs', app: textIn(hook.app), stream, args }
        if (mayPublish(tenant, publisher, options) !== true) return REFUSED
      }
      const event = eventOf(hook)
      if (event === undefined) return GO_ON
      const show = new URLSearchParams(args.replace(/^\?/, '')).get('show') ?? request.query.show
      const context = { ...(show ? { show } : {}), stream }
      return { ...GO_ON, evenIfLost: true, events: [{ tenant, source: 'srs', context, events: [event] }] }
    },
  }
}
