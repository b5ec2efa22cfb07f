import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

interface VhsPlaylist {
  readonly attributes?: {
    readonly BANDWIDTH?: number
    readonly CODECS?: string
    readonly RESOLUTION?: { readonly height: number }
  }
}

/** The part of video.js's HLS and DASH engine (VHS) that its README documents. */
interface Vhs {
  readonly bandwidth: number
  readonly stats: {
    readonly mediaBytesTransferred: number
    readonly mediaRequests: number
    readonly mediaRequestsErrored: number
    readonly mediaRequestsTimedout: number
  }
  readonly playlists: {
    readonly media: () => VhsPlaylist | undefined
    readonly main?: { readonly playlists: readonly VhsPlaylist[] }
    readonly on: (name: string, run: () => void) => void
    readonly off: (name: string, run: () => void) => void
  }
  readonly convertToProgramTime: (
    time_s: number,
    done: (error: unknown, time?: { programDateTime: string }) => void,
  ) => void
}

interface VideojsPlayer {
  readonly tech: (force: boolean) => { readonly vhs?: Vhs } | undefined
  readonly currentSource: () => { readonly src?: string }
  readonly currentTime: () => number
  readonly error: () => { readonly code: number; readonly message?: string } | null
  readonly on: (names: readonly string[], run: () => void) => void
  readonly off: (names: readonly string[], run: () => void) => void
}

/** `MediaError` codes; video.js adds none that end a playback. */
const CATEGORIES: readonly ErrorCategory[] = ['other', 'player', 'network', 'decode', 'media', 'drm']

const offer = ({ attributes }: VhsPlaylist) => ({
  ...{ height: attributes?.RESOLUTION?.height, bitrate: attributes?.BANDWIDTH, codec: attributes?.CODECS },
})

/** video.js, by its public events and what VHS tells (https://github.com/videojs/http-streaming#readme). */
export const videojs: Adapter = {
  name: 'video.js',
  known: ['8'],
  match: (player) =>
    typeof player === 'object' && player !== null && 'tech' in player && 'currentSource' in player,
  version: () => (globalThis as { videojs?: { VERSION?: string } }).videojs?.VERSION,
  attach: (player: VideojsPlayer, host) => {
    let watched: Vhs | undefined
    let counted = { bytes: 0, requests: 0, failed: 0 }
    const rendition = guard(() => {
      const own = offer(watched?.playlists.media() ?? {})
      if (!own.bitrate) return
      host.rendition({
        ...{ name: `${own.height ?? 0}p`, bitrate_kbps: own.bitrate / 1000, codec: own.codec },
      })
    })
    const unwatch = () => watched?.playlists.off('mediachange', rendition)
    /** A new source brings a new engine, which counts from zero. */
    const engine = () => {
      const vhs = player.tech(true)?.vhs
      if (vhs === watched) return vhs
      unwatch()
      watched = vhs
      counted = { bytes: 0, requests: 0, failed: 0 }
      vhs?.playlists.on('mediachange', rendition)
      rendition()
      return vhs
    }
    const count = (vhs: Vhs) => {
      const { stats, playlists } = vhs
      const failed = stats.mediaRequestsErrored + stats.mediaRequestsTimedout
      const bytes = stats.mediaBytesTransferred - counted.bytes
      const own = playlists.media()
      const offers = playlists.main?.playlists.map(offer) ?? []
      host.request({
        ...{ count: stats.mediaRequests - counted.requests, failed: failed - counted.failed },
        ...{ bytes, bytes_reference: referenceBytes(bytes, own && offer(own), offers) },
      })
      counted = { bytes: stats.mediaBytesTransferred, requests: stats.mediaRequests, failed }
    }
    const source = guard(() => {
      engine()
      const url = player.currentSource().src
      if (!url) return
      host.source('manifest', url)
      host.mark('manifest')
    })
    const progress = guard(() => {
      engine()
      rendition()
    })
    const failed = guard(() => {
      const error = player.error()
      if (!error) return
      const { code, message } = error
      host.error({
        ...{ code: String(code), category: CATEGORIES[code] ?? 'other', fatal: true },
        ...(message !== undefined && { message }),
      })
    })
    source()
    player.on(['loadstart', 'sourceset'], source)
    player.on(['loadedmetadata', 'playing'], progress)
    player.on(['error'], failed)
    return {
      sample: () => {
        const vhs = engine()
        if (!vhs) return {}
        count(vhs)
        let filmed_ms: number | undefined
        guard(() =>
          vhs.convertToProgramTime(player.currentTime(), (error, time) => {
            if (!error && time) filmed_ms = Date.parse(time.programDateTime)
          }),
        )()
        return { bandwidth_kbps: vhs.bandwidth / 1000, filmed_ms }
      },
      detach: () => {
        unwatch()
        player.off(['loadstart', 'sourceset'], source)
        player.off(['loadedmetadata', 'playing'], progress)
        player.off(['error'], failed)
      },
    }
  },
}
