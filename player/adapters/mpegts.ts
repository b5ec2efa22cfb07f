import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

/** The part of `Mpegts.Player` that is used. */
interface MpegtsPlayer {
  readonly mediaInfo: unknown
  readonly on: (event: string, listener: never) => void
  readonly off: (event: string, listener: never) => void
}

interface MediaInfo {
  readonly videoCodec?: string
  readonly height?: number
  readonly videoDataRate?: number
  readonly url?: string
}

interface Statistics {
  readonly url?: string
  /** KB/s since the last report. */
  readonly speed?: number
}

interface SeiArrived {
  readonly uuid?: Uint8Array
  readonly user_data?: Uint8Array
  /** ms of media time. */
  readonly pts?: number
}

const CATEGORIES: Readonly<Record<string, ErrorCategory>> = { NetworkError: 'network', MediaError: 'media' }

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** mpegts.js (HTTP-FLV, MPEG-TS), by its public events (https://github.com/xqq/mpegts.js/blob/master/docs/api.md). */
export const mpegts: Adapter = {
  name: 'mpegts.js',
  protocol: 'http-flv',
  known: ['1'],
  match: (player) => typeof player === 'object' && player !== null && 'attachMediaElement' in player,
  // The player itself does not say; the script tag's global does.
  version: () => (globalThis as { mpegts?: { version?: string } }).mpegts?.version,
  attach: (player: MpegtsPlayer, host) => {
    const stops: (() => void)[] = []
    const on = <Data extends unknown[]>(name: string, run: (...data: Data) => void) => {
      const safe = guard(run)
      player.on(name, safe as never)
      stops.push(() => player.off(name, safe as never))
    }
    let speed_kbps: number | undefined
    let reported = performance.now()
    const media = (info: MediaInfo) => {
      if (!info.height) return
      const bitrate_kbps = info.videoDataRate
      host.rendition({
        ...{ name: `${info.height}p`, codec: info.videoCodec },
        ...(bitrate_kbps && { bitrate_kbps }),
      })
    }
    host.mark('media')
    media(player.mediaInfo as MediaInfo)
    on<[MediaInfo]>('media_info', media)
    on<[Statistics]>('statistics_info', ({ speed = 0, url }) => {
      const now = performance.now()
      if (url) host.source('media', url)
      // One request that never ends: what came since the last report is what it carried.
      const bytes = speed * (now - reported) * 1.024
      speed_kbps = speed * 8.192
      const { videoCodec: codec, height } = (player.mediaInfo ?? {}) as MediaInfo
      // At the live edge what comes in this time is what was encoded in it.
      const own = { bitrate: speed_kbps * 1000, codec, height }
      const bytes_reference = referenceBytes(bytes, own, { ...host, offers: [] })
      host.request({ url, count: 0, bytes, bytes_reference })
      reported = now
    })
    on<[SeiArrived]>('sei_arrived', ({ uuid, user_data, pts }) => {
      if (uuid && user_data && pts !== undefined) host.sei(hex(uuid), user_data, pts / 1000)
    })
    on<[string, string, { msg?: string; code?: number }?]>('error', (type, detail, info) => {
      const message = info?.msg
      host.error({
        ...{
          code: detail,
          category: /Format|Codec|MSE/.test(detail) ? 'decode' : (CATEGORIES[type] ?? 'other'),
        },
        ...{ fatal: true, message },
      })
    })
    on('loading_complete', () => host.error({ code: 'loading_complete', category: 'network' }))
    return {
      // At the live edge what comes is what is encoded.
      sample: () => ({ bandwidth_kbps: speed_kbps, bitrate_kbps: speed_kbps }),
      detach: () => {
        for (const stop of stops) stop()
      },
    }
  },
}
