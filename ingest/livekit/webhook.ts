import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { EventAnswer, EventRoute } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import { numberOf } from '../counters.ts'
import { memberOf, objectIn, readObject, textIn } from '../readJson.ts'
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

const UP = { event: 'publish', status: 'up' } as const
const DOWN = { event: 'unpublish', status: 'down' } as const
const INGRESS: Readonly<Record<string, { event: string; status: 'up' | 'down' }>> = {
  ingress_started: UP,
  ingress_ended: DOWN,
}

/** Webhooks that say nothing about a leg or an ingress. */
const OF_NO_CONCERN =
  /^(room_started|room_finished|egress_|participant_active|track_(un)?muted|ingress_(created|updated|deleted))/

/** Participants that host nothing: a recorder, an assistant. By name, or by their number in the protocol. */
const NO_HOST = /^(EGRESS|AGENT|2|4)$/i

type Hook = Readonly<Record<string, unknown>>

/**
 * When a hook was made, ms: protobuf's JSON form writes a 64-bit number as text, `createdAt` is in seconds; an
 * ingress's `startedAt` and `endedAt` are in nanoseconds. Read by size, so that a newer unit is no wrong year.
 */
function timeOf(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number === undefined || number <= 0) return undefined
  if (number > 1e17) return Math.round(number / 1e6)
  if (number > 1e14) return Math.round(number / 1e3)
  return number > 1e11 ? number : number * 1000
}

/** A webhook's body as events; none where it says nothing about a leg or an ingress. */
export function livekitEvents(hook: Hook): BeaconEvent[] {
  const name = textIn(hook.event)
  const time_ms = timeOf(memberOf(hook, 'created_at'))
  const happened = COHOST[name]
  const participant = objectIn(hook.participant)
  if (happened !== undefined) {
    if (NO_HOST.test(textIn(participant.kind))) return []
    const peer = textIn(participant.identity) || undefined
    return [{ kind: 'cohost', time_ms, interval_ms: 0, event: happened, peer }]
  }
  const fields = INGRESS[name]
  if (fields === undefined) return []
  // The ingress carries its own stream key: only its name may leave this function.
  const node = textIn(objectIn(memberOf(hook, 'ingress_info')).name)
  return [{ kind: 'hop', time_ms, hop: 'ingest', node, ...fields }]
}

function roomOf(hook: Hook): string {
  const ingress = objectIn(memberOf(hook, 'ingress_info'))
  return textIn(objectIn(hook.room).name) || textIn(memberOf(ingress, 'room_name'))
}

const LET_THROUGH: EventAnswer = { status: 204 }

/** LiveKit's webhooks (`application/webhook+json`, protobuf's JSON form); the room's name is the stream. */
export function livekitRoute(options: LivekitOptions): EventRoute {
  const { emit, apiKeys } = options
  const secrets = Object.fromEntries(Object.entries(apiKeys).map(([key, { secret }]) => [key, secret]))
  const note = (code: string, detail: string): EventAnswer => {
    emit({ type: 'ingest_hook_unread', source: 'livekit', code, detail: detail.slice(0, 80) })
    return LET_THROUGH
  }
  return {
    method: 'POST',
    path: '/v1/ingest/livekit',
    handle: async (request) => {
      const verdict = await verifyWebhookToken({
        token: request.headers.authorization ?? request.headers.authorize?.toString(),
        body: request.body,
        secrets,
        now_ms: options.clock(),
      })
      if (!verdict.ok) {
        emit({ type: 'ingest_hook_refused', source: 'livekit', code: verdict.code })
        return { status: 401, body: verdict.code }
      }
      const hook = readObject(request.body)
      if (hook === undefined) return note('unreadable', '')
      const lost = numberOf(memberOf(hook, 'num_dropped')) ?? 0
      if (lost > 0) emit({ type: 'ingest_hooks_lost', source: 'livekit', hooks: lost })
      const events = livekitEvents(hook)
      const name = textIn(hook.event)
      if (events.length === 0)
        return OF_NO_CONCERN.test(name) || Object.hasOwn(COHOST, name)
          ? LET_THROUGH
          : note('unknown_action', name)
      const room = roomOf(hook)
      if (room === '') return note('no_stream', name)
      const { tenant } = apiKeys[verdict.apiKey]!
      const context = { show: request.query.show, stream: room }
      return { status: 204, events: [{ tenant, source: 'livekit', context, events }] }
    },
  }
}
