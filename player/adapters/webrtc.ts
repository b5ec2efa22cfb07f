import type { Adapter, AdapterSample } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { cohostInterval, type PeerStat, type StatsTotals, statsTotals } from '../core/peerStats.ts'

/** How often the connection is asked. */
const LOOK_MS = 1_000

interface Inbound {
  readonly kind: string
  readonly frameHeight?: number
  readonly framesDecoded?: number
  readonly framesDropped?: number
  readonly codecId?: string
  readonly bytesReceived?: number
}

/**
 * A stream by WebRTC (WHEP and the like): the player is the `RTCPeerConnection` whose track the element shows. What it counts
 * comes from `getStats` (https://www.w3.org/TR/webrtc-stats/); stalls are found by the frames on the screen, as everywhere.
 */
export const webrtc: Adapter = {
  name: 'webrtc',
  protocol: 'webrtc',
  match: (player) =>
    typeof player === 'object' && player !== null && 'getStats' in player && 'getReceivers' in player,
  attach: (pc: RTCPeerConnection, host) => {
    let before: StatsTotals | undefined
    let sample: AdapterSample = {}
    let bytes = 0
    const read = guard((stats: RTCStatsReport) => {
      const all = [...stats.values()] as (PeerStat & Inbound)[]
      const now = statsTotals(all)
      const received = now.in?.bytes ?? 0
      if (received > 0) host.mark('byte')
      host.request({ count: 0, bytes: Math.max(0, received - bytes) })
      bytes = received
      const video = all.find((each) => each.type === 'inbound-rtp' && each.kind === 'video')
      const passed = before && cohostInterval(before, now, 'in')
      const emitted = (now.in?.buffered_count ?? 0) - (before?.in?.buffered_count ?? 0)
      const buffered = (now.in?.buffered_ms ?? 0) - (before?.in?.buffered_ms ?? 0)
      before = now
      sample = {
        bitrate_kbps: passed?.bitrate_kbps || undefined,
        live_latency_ms: passed?.end_to_end_latency_ms,
        buffer_ms: emitted > 0 ? buffered / emitted : undefined,
        frames_decoded: video?.framesDecoded,
        frames_dropped: video?.framesDropped,
      }
      if (!video?.frameHeight) return
      const codec = stats.get(video.codecId ?? '')?.mimeType as string | undefined
      host.rendition({ name: `${video.frameHeight}p`, codec })
    })
    const look = guard(() => void pc.getStats().then(read, () => {}))
    const changed = guard(() => {
      if (pc.connectionState === 'failed')
        host.error({ code: `ice_${pc.iceConnectionState}`, category: 'network', fatal: true })
      look()
    })
    host.mark('media')
    pc.addEventListener('connectionstatechange', changed)
    const timer = setInterval(look, LOOK_MS)
    look()
    return {
      sample: () => sample,
      detach: () => {
        clearInterval(timer)
        pc.removeEventListener('connectionstatechange', changed)
      },
    }
  },
}
