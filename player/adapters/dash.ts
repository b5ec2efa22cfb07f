import type { FragmentRequest, MediaPlayerClass, Representation } from 'dashjs'
import type { Adapter, ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { referenceBytes } from './referenceBytes.ts'

/** dash.js's error codes (its `Errors.js`), by the field's categories. */
function categoryOf(code: number): ErrorCategory {
  if (code >= 100 && code < 200) return 'drm'
  if ([10, 11, 12, 15, 25, 26, 29, 31, 32].includes(code)) return 'manifest'
  if ([16, 17, 18, 19, 27, 28].includes(code)) return 'network'
  if ([20, 21, 22, 33].includes(code)) return 'decode'
  return code === 34 || code === 35 ? 'media' : 'player'
}

/** Codes after which dash.js gives the playback up. */
const FATAL = [10, 11, 23, 25, 27, 28, 31, 32, 34, 35]

const offer = ({ height, bandwidth, codecs }: Representation) => ({
  height,
  bitrate: bandwidth,
  codec: codecs,
})

/** dash.js, by its public events (https://dashif.org/dash.js/). */
export const dash: Adapter = {
  name: 'dash.js',
  protocol: 'dash',
  known: ['5'],
  match: (player) =>
    typeof player === 'object' && player !== null && 'getCurrentRepresentationForType' in player,
  version: (player: MediaPlayerClass) => player.getVersion(),
  attach: (player: MediaPlayerClass, host) => {
    const stops: (() => void)[] = []
    const on = <Data>(name: string, run: (data: Data) => void) => {
      const safe = guard(run)
      player.on(name as never, safe as never)
      stops.push(() => player.off(name as never, safe as never))
    }
    const manifest = (url: unknown) => {
      if (typeof url !== 'string') return
      host.source('manifest', url)
      host.mark('manifest')
    }
    const rendition = (now: Representation | null) => {
      if (!now?.height) return
      host.rendition({
        ...{ name: `${now.height}p`, bitrate_kbps: now.bandwidth / 1000, codec: now.codecs ?? undefined },
      })
    }
    /** Of all codecs: another codec is another track. */
    const offers = () =>
      player
        .getTracksFor('video')
        .flatMap(({ bitrateList, codec }) =>
          bitrateList.map(({ height, bandwidth }) => ({ height, bitrate: bandwidth, codec })),
        )
    const video = () => guard(() => player.getCurrentRepresentationForType('video'))() ?? null
    manifest(guard(() => player.getSource())())
    on<{ request?: { url?: string } }>('manifestLoadingStarted', ({ request }) => manifest(request?.url))
    on<{ request: FragmentRequest }>('fragmentLoadingStarted', ({ request }) => {
      host.mark('media')
      if (request.url) host.source('media', request.url)
    })
    on<{ request: FragmentRequest; response?: ArrayBuffer; error?: unknown }>(
      'fragmentLoadingCompleted',
      ({ request, response, error }) => {
        // Its types call it `representationId`; what dash.js 5 hands on is the representation itself.
        const { representation } = request as { representation?: Representation }
        const own = request.mediaType === 'video' ? representation : undefined
        const bytes = response?.byteLength ?? request.bytesTotal ?? 0
        host.request({
          ...{ url: request.url ?? undefined, bytes, failed: Boolean(error) },
          bytes_reference: referenceBytes(bytes, own && offer(own), { ...host, offers: offers() }),
          // dash.js dates the first byte by another clock at times: the core leaves such a mean out.
          ttfb_ms: Number(request.firstByteDate) - Number(request.startDate),
        })
      },
    )
    on<{ mediaType: string; newRepresentation: Representation }>('qualityChangeRendered', (data) => {
      if (data.mediaType === 'video') rendition(data.newRepresentation)
    })
    on('playbackStarted', () => rendition(video()))
    on<{ error: { code: number; message?: string } | string }>('error', ({ error }) => {
      // Without a key there is no picture; the session knows whether it went on.
      if (typeof error === 'string') return host.error({ code: error, category: 'drm', fatal: true })
      const { code, message } = error
      host.error({
        ...{ code: String(code), category: categoryOf(code) },
        ...{ fatal: FATAL.includes(code) || categoryOf(code) === 'drm' },
        ...(message !== undefined && { message }),
      })
    })
    return {
      sample: () => {
        const live = player.isReady() && player.isDynamic()
        const bandwidth = player.getAverageThroughput('video')
        const filmed = live ? player.timeAsUTC() * 1000 : Number.NaN
        return {
          ...{ bandwidth_kbps: bandwidth > 0 ? bandwidth : undefined },
          ...{ bitrate_kbps: (video()?.bandwidth ?? 0) / 1000 || undefined },
          ...{ filmed_ms: filmed > 0 ? filmed : undefined },
        }
      },
      detach: () => {
        for (const stop of stops) stop()
      },
    }
  },
}
