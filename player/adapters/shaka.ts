import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

interface ShakaTrack {
  readonly active: boolean
  readonly height: number | null
  readonly bandwidth: number
  readonly videoBandwidth: number | null
  readonly videoCodec: string | null
  readonly audioCodec: string | null
}

interface ShakaDownload {
  readonly requestType: number
  readonly request: { readonly uris: readonly string[] }
  readonly response?: { readonly data: ArrayBuffer }
  readonly context?: {
    readonly stream?: {
      readonly type: string
      readonly height?: number
      readonly bandwidth?: number
      readonly codecs: string
    }
  }
  readonly aborted?: boolean
}

interface ShakaError {
  readonly code: number
  readonly category: number
  readonly severity: number
  readonly data?: readonly unknown[]
}

/** The part of `shaka.Player` that is used; all of it is public. */
interface ShakaPlayer extends EventTarget {
  readonly constructor: { readonly version?: string }
  readonly getAssetUri: () => string | null
  readonly getManifestType: () => string | null
  readonly getVariantTracks: () => readonly ShakaTrack[]
  readonly getStats: () => { estimatedBandwidth?: number; liveLatency?: number }
  readonly getPlayheadTimeAsDate: () => Date | null
  readonly isLive: () => boolean
}

/** `shaka.util.Error.Category`. */
const CATEGORIES: Readonly<Record<number, ErrorCategory>> = {
  1: 'network',
  3: 'media',
  4: 'manifest',
  5: 'player',
  6: 'drm',
  7: 'player',
}
/** `shaka.net.NetworkingEngine.RequestType.SEGMENT`. */
const SEGMENT = 1
/** `shaka.util.Error.Severity.CRITICAL`. */
const CRITICAL = 2
/** Loading was interrupted by the page (`LOAD_INTERRUPTED`, `OPERATION_ABORTED`): no error of the playback. */
const INTERRUPTED = [7000, 7001]

const offer = (track: ShakaTrack) => ({
  ...{ height: track.height, bitrate: track.videoBandwidth ?? track.bandwidth, codec: track.videoCodec },
})

/** Shaka Player, by its public events (https://shaka-player-demo.appspot.com/docs/api/shaka.Player.html). */
export const shaka: Adapter = {
  name: 'shaka',
  known: ['5'],
  match: (player) => typeof player === 'object' && player !== null && 'getVariantTracks' in player,
  version: (player: ShakaPlayer) => player.constructor.version,
  attach: (player: ShakaPlayer, host) => {
    const stops: (() => void)[] = []
    const on = (names: string, run: (event: never) => void) => {
      for (const name of names.split(' ')) {
        const safe = guard(run) as (event: Event) => void
        player.addEventListener(name, safe)
        stops.push(() => player.removeEventListener(name, safe))
      }
    }
    const manifest = () => {
      const url = player.getAssetUri()
      if (!url) return
      host.source('manifest', url)
      host.mark('manifest')
    }
    const rendition = () => {
      const track = player.getVariantTracks().find((each) => each.active)
      if (!track) return
      const bitrate_kbps = (track.videoBandwidth ?? track.bandwidth) / 1000
      const name = track.height ? `${track.height}p` : track.videoCodec ? '0p' : 'audio'
      host.rendition({ name, bitrate_kbps, codec: track.videoCodec ?? track.audioCodec ?? undefined })
    }
    manifest()
    guard(rendition)()
    on('loading', manifest)
    on('adaptation variantchanged loaded', rendition)
    on('downloadcompleted', ({ requestType, request, response, context }: ShakaDownload) => {
      if (requestType !== SEGMENT) return
      const url = request.uris[0]
      if (url) host.source('media', url)
      const stream = context?.stream
      const bytes = response?.data.byteLength ?? 0
      const own =
        stream?.type === 'video' ? { ...stream, bitrate: stream.bandwidth, codec: stream.codecs } : undefined
      const offers = player.getVariantTracks().map(offer)
      const bytes_reference = referenceBytes(bytes, own, { ...host, offers })
      host.request({ url, bytes, bytes_reference })
    })
    on('downloadfailed', ({ requestType, request, aborted }: ShakaDownload) => {
      if (requestType === SEGMENT && !aborted) host.request({ url: request.uris[0], failed: true })
    })
    on('error', ({ detail }: { detail: ShakaError }) => {
      if (INTERRUPTED.includes(detail.code)) return
      host.error({
        ...{ code: String(detail.code), category: CATEGORIES[detail.category] ?? 'other' },
        ...{ fatal: detail.severity === CRITICAL, message: String(detail.data?.[0] ?? '') },
      })
    })
    return {
      sample: () => {
        const { estimatedBandwidth, liveLatency } = player.getStats()
        const live = player.isLive()
        return {
          bandwidth_kbps: estimatedBandwidth ? estimatedBandwidth / 1000 : undefined,
          filmed_ms: live ? player.getPlayheadTimeAsDate()?.getTime() : undefined,
          live_latency_ms: live && liveLatency ? liveLatency * 1000 : undefined,
        }
      },
      detach: () => {
        for (const stop of stops) stop()
      },
    }
  },
}
