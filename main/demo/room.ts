import type { BeaconEvent } from '../../schemas/beacon.ts'

/** Of what stands beside the link and in the room, when each thing goes wrong, s from the start. */
export const BESIDE = {
  push_gone: { from_s: 160, to_s: 180 },
  publisher_refused: 265,
  recording_lost: 352,
  /** The host's own machine is silent while its encoder is dead. */
  host_silent: { from_s: 528, to_s: 556 },
} as const

/** When the player's new version is released, s: a little before its bug is felt. */
export const RELEASE_S = 205

const TOPICS = ['bullet', 'gift', 'ppt_page', 'moderation'] as const
/** Viewers whose players report everything that an SDK can. */
const GUESTS = 10

type Fields = Readonly<Record<string, string | number | boolean>>

/** What the nodes beside the link say in a second. */
function nodes(second: number): Fields[] {
  const { push_gone, publisher_refused, recording_lost, host_silent } = BESIDE
  const node = (hop: string, name: string, more: Fields): Fields => ({
    ...{ kind: 'hop', hop, node: name, interval_ms: 1000, status: 'up' },
    ...more,
  })
  const gone = second >= push_gone.from_s && second < push_gone.to_s
  const hostSilent = second >= host_silent.from_s && second < host_silent.to_s
  return [
    gone
      ? node('push', 'partner', { status: 'down' })
      : node('push', 'partner', { bitrate_out_kbps: 4_000, lag_ms: 180 }),
    node('screen', 'hall-1', { rtt_ms: 140 }),
    node('screen', 'hall-2', { rtt_ms: 170 }),
    node('record', 'dvr-1', { bitrate_out_kbps: 4_000 }),
    node('standby', 'encoder-2', { fps_out: 30 }),
    node('ladder', 'transcode-1', { renditions_promised: 3, renditions_delivered: 3 }),
    node('interaction', '/draw', { requests: 40, status_2xx: 40, ttfb_ms: 60 + (second % 7) }),
    ...(hostSilent ? [] : [node('encoder', 'encoder-1', { render_ms: 6 + (second % 3) })]),
    ...(second % 60 === 30 ? [node('publish', 'ingest-1', { event: 'refused', reason: 'unsigned' })] : []),
    ...(second === publisher_refused
      ? [node('publish', 'ingest-1', { event: 'refused', reason: 'expired' })]
      : []),
    ...(second === recording_lost ? [node('record', 'dvr-1', { event: 'lost', reason: 'missing' })] : []),
  ]
}

/** What the room's channels and a guest on stage say in a second. */
function channels(second: number): Fields[] {
  const messages = TOPICS.map((topic, index): Fields => {
    const received = 20 + ((second + index) % 7)
    return {
      ...{ kind: 'interaction', action: 'message', outcome: 'success', session: 'witness-0', app: 'shop' },
      ...{ channel: 'push', topic, messages_expected: received, messages_received: received },
      ...{ messages_timed: received, message_delay_ms: received * 150 },
      ...{ messages_queued: received, message_queue_ms: received * 30 },
    }
  })
  const guest = { kind: 'cohost', session: 'host-1', peer: 'guest', direction: 'in', interval_ms: 1000 }
  const final = { kind: 'interaction', action: 'draw_query', outcome: 'success', session: 'witness-1' }
  return [
    ...messages,
    { ...guest, end_to_end_latency_ms: 210 + (second % 20), packets_received: 500, rtt_ms: 40 },
    ...(second % 5 === 0 ? [{ ...final, prefetch: second % 100 === 0 ? 'miss' : 'hit' }] : []),
  ]
}

/** What the players of some viewers say: how a protected room starts inside an app, and what peers and catching up bring. */
function guests(second: number): Fields[] {
  return Array.from({ length: GUESTS }, (_, guest): Fields[] => {
    const first = 20 + guest
    const about = {
      ...{ session: `guest-${guest}`, viewer: `guest-${guest}`, app: 'shop', cdn: 'cdn-a', codec: 'h265' },
      ...{ container: 'app', component: 'room', component_version: '3.1.0' },
    }
    if (second === first)
      return [
        {
          ...{ ...about, kind: 'startup', seq: 1, outcome: 'started', video_startup_time_ms: 640 },
          ...{ drm_system: 'com.widevine.alpha', licence_ms: 140, component_ms: 300, container_ms: 180 },
          ...{ resources: 12, resources_cached: 9 },
        },
      ]
    if (second < first || (second - first) % 10 !== 0) return []
    return [
      {
        ...{ ...about, kind: 'heartbeat', seq: 1 + (second - first) / 10, delivery: 'p2p', peers: 4 },
        ...{ interval_ms: 10_000, played_ms: 10_000, live_latency_ms: 1_750, bitrate_kbps: 2_400 },
        ...{ bytes: 1_900_000, bytes_p2p: 800_000, requests: 5, reports_expected: 1, reports_received: 1 },
        ...{ catch_ups: 1, caught_up_ms: 300, fast_ms: 1_500, frames_rendered: 300 },
      },
    ]
  }).flat()
}

/** Everything beside the audience and the link that a show has, second by second: nodes, channels, a stage, players that say all. */
export const roomEvents = (
  second: number,
  common: { readonly show: string; readonly stream: string },
): BeaconEvent[] =>
  [...nodes(second), ...channels(second), ...guests(second)].map(
    (event) => ({ ...common, ...event }) as unknown as BeaconEvent,
  )
