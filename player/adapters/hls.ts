import type HlsPlayer from 'hls.js'
import type { BufferCreatedData, ErrorData, FragBufferedData, Level, UserdataSample } from 'hls.js'
import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

const CATEGORIES: Readonly<Record<string, ErrorCategory>> = {
  networkError: 'network',
  mediaError: 'media',
  keySystemError: 'drm',
  muxError: 'media',
}

/** The more telling category of hls.js's error details. */
function categoryOf({ type, details }: ErrorData): ErrorCategory {
  if (/^(manifest|level|audioTrack)/.test(details)) return 'manifest'
  if (/^bufferAppend|Decod/.test(details)) return 'decode'
  return CATEGORIES[type] ?? 'other'
}

const codecOf = (level: Level) => level.videoCodec ?? level.attrs?.CODECS
const offer = (level: Level) => ({ height: level.height, bitrate: level.bitrate, codec: codecOf(level) })

/** hls.js, by its public events (https://github.com/video-dev/hls.js/blob/master/docs/API.md). */
export const hls: Adapter = {
  name: 'hls.js',
  protocol: 'hls',
  known: ['1'],
  match: (player) =>
    typeof player === 'object' && player !== null && 'levels' in player && 'loadLevel' in player,
  version: (player: HlsPlayer) => (player.constructor as typeof HlsPlayer).version,
  attach: (player: HlsPlayer, host) => {
    const stops: (() => void)[] = []
    const on = <Data>(name: string, run: (data: Data) => void) => {
      const safe = guard((_: string, data: Data) => run(data))
      player.on(name as never, safe as never)
      stops.push(() => player.off(name as never, safe as never))
    }
    const media = (url: string) => {
      host.mark('media')
      host.source('media', url)
    }
    /** The codec of a stream without a picture. */
    let sound: string | undefined
    const level = (index: number) => {
      const now = player.levels[index]
      if (!now) return
      const name = now.height ? `${now.height}p` : sound ? 'audio' : now.name || String(index)
      host.rendition({ name, bitrate_kbps: now.bitrate / 1000, codec: sound ?? codecOf(now) })
    }
    if (player.url) {
      host.source('manifest', player.url)
      host.mark('manifest')
    }
    on<{ url: string }>('hlsManifestLoading', ({ url }) => {
      host.source('manifest', url)
      host.mark('manifest')
    })
    on<{ frag: { url: string } }>('hlsFragLoading', ({ frag }) => media(frag.url))
    on<FragBufferedData>('hlsFragBuffered', ({ frag, stats, part }) => {
      if (frag.sn !== 'initSegment' && frag.type === 'main')
        host.mark('demuxed', stats.buffering.end || undefined)
      const { loading, total } = part?.stats ?? stats
      if (loading.first > 0) host.mark('byte', loading.first)
      const own = frag.type === 'main' ? player.levels[frag.level] : undefined
      const offers = player.levels.map(offer)
      const bytes_reference = referenceBytes(total, own && offer(own), { ...host, offers })
      const url = part?.url ?? frag.url
      host.request({ url, bytes: total, bytes_reference, ttfb_ms: loading.first - loading.start })
    })
    on<BufferCreatedData>('hlsBufferCreated', ({ tracks: { audio, video, audiovideo } }) => {
      sound = video || audiovideo ? undefined : audio?.codec
      level(player.currentLevel < 0 ? player.loadLevel : player.currentLevel)
    })
    on<{ level: number }>('hlsLevelSwitched', (data) => level(data.level))
    on<{ samples: UserdataSample[] }>('hlsFragParsingUserdata', ({ samples }) => {
      for (const { uuid, userDataBytes, pts } of samples) {
        if (uuid && userDataBytes) host.sei(uuid.replaceAll('-', ''), userDataBytes, pts)
      }
    })
    on<ErrorData>('hlsError', (data) => {
      if (data.frag && data.type === 'networkError') host.request({ url: data.frag.url, failed: true })
      // The picture's own watch tells of stalls; hls.js counts them as errors.
      if (!data.fatal && /^buffer(Stalled|Nudge|SeekOver)/.test(data.details)) return
      host.error({
        ...{ code: data.details, category: categoryOf(data), fatal: data.fatal },
        message: data.error?.message ?? data.reason,
      })
    })
    level(player.currentLevel)
    return {
      sample: () => ({
        bandwidth_kbps: player.bandwidthEstimate / 1000,
        filmed_ms: player.playingDate?.getTime(),
        live_latency_ms: player.latency > 0 ? player.latency * 1000 : undefined,
      }),
      detach: () => {
        for (const stop of stops) stop()
      },
    }
  },
}
