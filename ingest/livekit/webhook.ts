import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { Emit } from '../../schemas/facts.ts'
import { numberOf } from '../counters.ts'
import { objectIn, readObject, textIn } from '../readJson.ts'
import type { IngestRoute } from '../route.ts'
import { verifyWebhookToken } from './token.ts'

export interface LivekitOptions {
  /** By API key: its secret, and whose rooms these are. */
  readonly apiKeys: Readonly<Record<string, { readonly secret: string; readonly tenant: string }>>
  readonly emit: Emit
  readonly clock: () => number
}

/** A room's events that say something about a co-hosting leg, in the catalogue's words. */
const COHOST: Readonly<Record<string, string>> = {
  participant_joined: 'joined',
  participant_left: 'left',
  participant_connection_aborted: 'aborted',
  track_published: 'published',
  track_unpublished: 'unpublished',
}

const INGRESS: Readonly<Record<string, { event: string; status: 'up' | 'down' }>> = {
  ingress_started: { event: 'publish', status: 'up' },
  ingress_ended: { event: 'unpublish', status: 'down' },
}

/** A webhook's body as events; none where it says nothing about a leg or an ingress. */
export function livekitEvents(hook: Readonly<Record<string, unknown>>): BeaconEvent[] {
  const name = textIn(hook.event)
  const created_s = numberOf(hook.created_at)
  const at = created_s === undefined ? {} : { time_ms: created_s * 1000 }
  const happened = COHOST[name]
  if (happened !== undefined) {
    const peer = textIn(objectIn(hook.participant).identity)
    return [{ kind: 'cohost', ...at, interval_ms: 0, event: happened, ...(peer === '' ? {} : { peer }) }]
  }
  const says = INGRESS[name]
  if (says === undefined) return []
  // The ingress carries its own stream key: only its name may leave this function.
  const node = textIn(objectIn(hook.ingress_info).name)
  return [{ kind: 'hop', ...at, hop: 'ingest', node, ...says }]
}

/** LiveKit's webhooks (`application/webhook+json`); the room's name is the stream. */
export function livekitRoute(options: LivekitOptions): IngestRoute {
  const secrets = Object.fromEntries(
    Object.entries(options.apiKeys).map(([key, { secret }]) => [key, secret]),
  )
  return {
    method: 'POST',
    path: '/v1/ingest/livekit',
    handle: async (request) => {
      const verdict = verifyWebhookToken({
        token: request.headers.authorization,
        body: request.body,
        secrets,
        now_ms: options.clock(),
      })
      if (!verdict.ok) {
        options.emit({ type: 'ingest_hook_refused', source: 'livekit', code: verdict.code })
        return { status: 401, body: verdict.code }
      }
      const hook = readObject(request.body)
      if (hook === undefined) return { status: 400, body: 'the body is not a JSON object' }
      const lost = numberOf(hook.num_dropped) ?? 0
      if (lost > 0) options.emit({ type: 'ingest_hooks_lost', source: 'livekit', hooks: lost })
      const room = textIn(objectIn(hook.room).name) || textIn(objectIn(hook.ingress_info).roomName)
      const events = livekitEvents(hook)
      if (events.length === 0 || room === '') return { status: 204 }
      const { tenant } = options.apiKeys[verdict.apiKey]!
      const show = request.query.show
      return {
        status: 204,
        events: [{ tenant, source: 'livekit', context: { ...(show ? { show } : {}), stream: room }, events }],
      }
    },
  }
}
