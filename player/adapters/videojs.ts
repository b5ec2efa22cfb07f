import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

interface VhsSegment {
  readonly resolvedUri?: string
  readonly map?: { readonly resolvedUri?: string }
  /** Media time, s, once it was loaded. */
  readonly start?: number
  readonly end?: number
  /** EXT-X-PROGRAM-DATE-TIME. */
  readonly dateTimeObject?: Date
}

interface VhsPlaylist {
  readonly segments?: readonly VhsSegment[]
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
        ...{ bytes, bytes_reference: referenceBytes(bytes, own && offer(own), { ...host, offers }) },
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
    const filmed = ({ playlists }: Vhs) => {
      const at = player.currentTime()
      const inside = playlists
        .media()
        ?.segments?.find(({ start = Infinity, end = 0 }) => start <= at && at < end)
      const date = inside?.dateTimeObject?.getTime()
      return date === undefined ? undefined : date + (at - inside!.start!) * 1000
    }
    const progress = guard(() => {
      const segments = engine()?.playlists.media()?.segments ?? []
      rendition()
      const urls = segments.flatMap((each) => [each.map?.resolvedUri, each.resolvedUri])
      const requested = urls
        .map((url) => (url ? performance.getEntriesByName(url)[0] : undefined))
        .filter((entry) => entry !== undefined)
        .sort((a, b) => a.startTime - b.startTime)[0]
      if (requested) host.source('media', requested.name)
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
        return { bandwidth_kbps: vhs.bandwidth / 1000, filmed_ms: filmed(vhs) }
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
