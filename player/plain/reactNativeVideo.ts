import { guard } from '../core/guard.ts'
import { fetchHost } from './fetchHost.ts'
import { monitorPlain, type PlainHost, type PlainOptions, type PlainSession } from './monitorPlain.ts'

export interface ReactNativeOptions extends Omit<PlainOptions, 'host' | 'player' | 'declares'> {
  /** Default: the app's `fetch` and timers. */
  readonly host?: PlainHost
}

/** Props of `<Video>` of react-native-video 6: `<Video {...monitor.props} />`, or called from the app's own handlers. */
export interface ReactNativeProps {
  readonly onLoadStart: () => void
  readonly onLoad: (event: {
    readonly naturalSize?: { readonly width?: number; readonly height?: number }
  }) => void
  readonly onReadyForDisplay: () => void
  readonly onBuffer: (event: { readonly isBuffering: boolean }) => void
  readonly onProgress: (event: { readonly currentTime: number; readonly playableDuration?: number }) => void
  readonly onPlaybackStateChanged: (event: { readonly isPlaying: boolean }) => void
  readonly onPlaybackRateChange: (event: { readonly playbackRate: number }) => void
  readonly onBandwidthUpdate: (event: { readonly bitrate: number }) => void
  readonly onEnd: () => void
  readonly onError: (event: {
    readonly error: {
      readonly errorCode?: string | number
      readonly code?: string | number
      readonly errorString?: string
    }
  }) => void
}

/** react-native-video: its events as props. Call `session.hide()` when the app goes to the background (`AppState`). */
export function monitorReactNativeVideo(options: ReactNativeOptions): {
  readonly session: PlainSession
  readonly props: ReactNativeProps
} {
  const session = monitorPlain({
    ...options,
    host: options.host ?? fetchHost(),
    player: 'react-native-video',
  })
  let ready = false
  let buffering = false
  let paused = false
  const settle = () => {
    if (ready && !buffering && !paused) session.playing()
  }
  const props: ReactNativeProps = {
    onLoadStart: guard(() => {
      session.request()
      session.mark('media')
    }),
    onLoad: guard(({ naturalSize }) => {
      session.mark('demuxed')
      session.sample({ width: naturalSize?.width, height: naturalSize?.height })
    }),
    onReadyForDisplay: guard(() => {
      ready = true
      session.mark('decoded')
      settle()
    }),
    onBuffer: guard(({ isBuffering }) => {
      buffering = isBuffering
      if (isBuffering) session.waiting()
      else settle()
    }),
    onProgress: guard(({ currentTime, playableDuration }) => {
      if (playableDuration !== undefined)
        session.sample({ buffer_ms: Math.max(0, playableDuration - currentTime) * 1000 })
    }),
    // While it buffers iOS says that it does not play: that is no pause of the viewer.
    onPlaybackStateChanged: guard(({ isPlaying }) => {
      if (buffering || !ready || isPlaying === !paused) return
      paused = !isPlaying
      if (paused) session.paused()
      else {
        session.resumed()
        settle()
      }
    }),
    onPlaybackRateChange: guard(({ playbackRate }) => session.rate(playbackRate)),
    onBandwidthUpdate: guard(({ bitrate }) => session.sample({ bandwidth_kbps: bitrate / 1000 })),
    onEnd: guard(() => session.ended()),
    onError: guard(({ error }) =>
      session.error({
        code: String(error.errorCode ?? error.code ?? 'unknown'),
        category: 'player',
        fatal: true,
        message: error.errorString,
      }),
    ),
  }
  return { session, props }
}
