import type { KindFields } from '../../schemas/kinds/kinds.ts'

/** One object of a WebRTC statistics report (https://www.w3.org/TR/webrtc-stats/). */
export type PeerStat = Readonly<Record<string, unknown>> & { readonly type: string }

interface Direction {
  readonly packets_received: number
  readonly packets_lost: number
  readonly bytes: number
  readonly freeze_count: number
  readonly freeze_ms: number
  readonly frames: number
  readonly buffered_ms: number
  readonly buffered_count: number
  readonly jitter_ms?: number
  readonly rtt_ms?: number
  /** Local time of the frame on the screen minus the sender's time of its capture, ms. */
  readonly latency_ms?: number
}

export interface StatsTotals {
  /** ms since the epoch. */
  readonly at: number
  readonly rtt_ms?: number
  readonly in?: Direction
  readonly out?: Direction
}

/** NTP counts from 1900; Chromium gives `estimatedPlayoutTimestamp` so. */
const NTP_MS = 2_208_988_800_000

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const total = (stats: readonly PeerStat[], name: string, scale = 1) =>
  stats.reduce((sum, each) => sum + (number(each[name]) ?? 0) * scale, 0)
const worst = (stats: readonly PeerStat[], name: string): number | undefined => {
  const values = stats.map((each) => number(each[name])).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : Math.max(...values) * 1000
}

/**
 * End-to-end latency of the picture: when the frame now on the screen was captured by the sender's clock, against that
 * clock as the sender's last report gives it (its send time, half a round trip ago at arrival).
 */
function pictureLatency(video: PeerStat, remotes: readonly PeerStat[], rtt_ms: number): number | undefined {
  const remote = remotes.find((each) => each.id === video.remoteId)
  const [shown, sent, came, at] = [
    number(video.estimatedPlayoutTimestamp),
    number(remote?.remoteTimestamp),
    number(remote?.timestamp),
    number(video.timestamp),
  ]
  if (shown === undefined || sent === undefined || came === undefined || at === undefined) return undefined
  const captured = shown > NTP_MS ? shown - NTP_MS : shown
  const latency = at + (sent + rtt_ms / 2 - came) - captured
  return latency >= 0 && latency < 60_000 ? latency : undefined
}

/** The totals of one statistics report. */
export function statsTotals(stats: readonly PeerStat[]): StatsTotals {
  const of = (type: string) => stats.filter((each) => each.type === type)
  const inbound = of('inbound-rtp')
  const outbound = of('outbound-rtp')
  const remote = of('remote-inbound-rtp')
  const chosen = of('transport')[0]?.selectedCandidatePairId
  const pair = of('candidate-pair').find((each) => (chosen ? each.id === chosen : each.nominated))
  const seconds = number(pair?.currentRoundTripTime)
  const rtt_ms = seconds === undefined ? undefined : seconds * 1000
  const video = inbound.find((each) => each.kind === 'video')
  const latency_ms = video && pictureLatency(video, of('remote-outbound-rtp'), rtt_ms ?? 0)
  const jitter_in = worst(inbound, 'jitter')
  const jitter_out = worst(remote, 'jitter')
  const rtt_out = worst(remote, 'roundTripTime')
  return {
    at: number(stats[0]?.timestamp) ?? 0,
    rtt_ms,
    ...(inbound.length > 0 && {
      in: {
        packets_received: total(inbound, 'packetsReceived'),
        packets_lost: total(inbound, 'packetsLost'),
        bytes: total(inbound, 'bytesReceived'),
        freeze_count: total(inbound, 'freezeCount'),
        freeze_ms: total(inbound, 'totalFreezesDuration', 1000),
        frames: total(inbound, 'framesDecoded'),
        buffered_ms: total(video ? [video] : [], 'jitterBufferDelay', 1000),
        buffered_count: total(video ? [video] : [], 'jitterBufferEmittedCount'),
        jitter_ms: jitter_in,
        latency_ms,
      },
    }),
    ...(outbound.length > 0 && {
      out: {
        packets_received: total(outbound, 'packetsSent') - total(remote, 'packetsLost'),
        packets_lost: total(remote, 'packetsLost'),
        bytes: total(outbound, 'bytesSent'),
        ...{ freeze_count: 0, freeze_ms: 0, buffered_ms: 0, buffered_count: 0 },
        frames: total(outbound, 'framesEncoded'),
        ...(jitter_out !== undefined && { jitter_ms: jitter_out }),
        ...(rtt_out !== undefined && { rtt_ms: rtt_out }),
      },
    }),
  }
}

/**
 * What passed between two reports, one way; nothing where this way carries nothing. Freezes are the browser's own count
 * by the W3C rule (a gap of at least max(3δ, δ + 150 ms), δ the mean frame time). Where the sender's clock is not known,
 * the latency is half the round trip and the jitter buffer: what the network and this side add.
 */
export function cohostInterval(
  before: StatsTotals,
  now: StatsTotals,
  direction: 'in' | 'out',
): KindFields<'cohost'> | undefined {
  const own = now[direction]
  const interval_ms = Math.round(now.at - before.at)
  if (!own || interval_ms <= 0) return undefined
  const last = before[direction]
  const since = (
    name: 'bytes' | 'frames' | 'freeze_count' | 'freeze_ms' | 'packets_received' | 'packets_lost',
  ) => Math.max(0, own[name] - (last?.[name] ?? 0))
  const rtt_ms = own.rtt_ms ?? now.rtt_ms
  const emitted = own.buffered_count - (last?.buffered_count ?? 0)
  const buffer_ms = emitted > 0 ? (own.buffered_ms - (last?.buffered_ms ?? 0)) / emitted : undefined
  const guessed =
    direction === 'in' && buffer_ms !== undefined ? (now.rtt_ms ?? 0) / 2 + buffer_ms : undefined
  const latency = own.latency_ms ?? guessed
  return {
    ...{ interval_ms, direction },
    ...(rtt_ms !== undefined && { rtt_ms }),
    ...(own.jitter_ms !== undefined && { jitter_ms: own.jitter_ms }),
    packets_received: Math.round(since('packets_received')),
    packets_lost: Math.round(since('packets_lost')),
    freeze_count: since('freeze_count'),
    freeze_ms: Math.round(since('freeze_ms')),
    bitrate_kbps: (since('bytes') * 8) / interval_ms,
    fps: Math.min(1000, (since('frames') * 1000) / interval_ms),
    ...(latency !== undefined && { end_to_end_latency_ms: latency }),
  }
}
