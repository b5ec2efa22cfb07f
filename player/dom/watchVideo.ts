import { guard } from '../core/guard.ts'
import type { Playback } from '../core/playback.ts'
import type { Sample, SessionCore } from '../core/session.ts'

/** How often the element is looked at, ms. */
const LOOK_MS = 100

/** Media ahead of the playhead, ms. */
export function bufferAhead({ buffered, currentTime }: HTMLMediaElement): number {
  for (let index = 0; index < buffered.length; index++) {
    // A playhead a moment before its range is in it: players jump such holes.
    if (buffered.start(index) <= currentTime + 0.1 && currentTime <= buffered.end(index)) {
      return (buffered.end(index) - currentTime) * 1000
    }
  }
  return 0
}

/** What the element itself says at the end of an interval. */
export function sampleVideo(video: HTMLVideoElement): Sample {
  const quality = video.getVideoPlaybackQuality?.()
  return {
    buffer_ms: bufferAhead(video),
    width: video.videoWidth,
    height: video.videoHeight,
    // Sound alone has no frames.
    frames_decoded: video.videoWidth > 0 ? quality?.totalVideoFrames : undefined,
    frames_dropped: quality?.droppedVideoFrames,
  }
}

const ERRORS = [
  ['aborted', 'player'],
  ['network', 'network'],
  ['decode', 'decode'],
  ['src_not_supported', 'media'],
] as const

/** Tells the session what happens to the element, which was asked to play at `begun` if it was. Returns how to stop. */
export function watchVideo(
  video: HTMLVideoElement,
  session: SessionCore,
  shownFrame: (at: number, mediaTime: number) => void,
  begun: number,
): () => void {
  const { playback } = session
  const stops: (() => void)[] = []
  const on = (target: EventTarget, names: string, run: (event: Event) => void) => {
    for (const name of names.split(' ')) {
      const safe = guard(run)
      target.addEventListener(name, safe)
      stops.push(() => target.removeEventListener(name, safe))
    }
  }
  const now = () => performance.now()
  // Sound alone starts when it is first heard.
  const framed = () =>
    'requestVideoFrameCallback' in video &&
    document.visibilityState === 'visible' &&
    !(video.readyState > 0 && !video.videoWidth)
  const look = guard(() => {
    session.alive()
    playback.look(now(), {
      time_s: video.currentTime,
      ahead_ms: bufferAhead(video),
      // A player that holds the element by rate 0 waits for data.
      ready: video.playbackRate === 0 ? 0 : video.readyState,
      decoded: video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0,
      framed: framed(),
    })
  })
  on(video, 'timeupdate', () => {
    if (!framed()) shownFrame(now(), video.currentTime)
  })
  on(video, 'playing waiting pause seeked ended', ({ type }) => {
    look()
    // Reaching the end pauses too; that is no viewer's pause.
    if (type === 'pause' && video.ended) return
    playback.event(type as Parameters<Playback['event']>[0], now())
  })
  on(video, 'play', () => {
    session.request_play()
    playback.event('play', now())
  })
  on(video, 'seeking', () => {
    look()
    const { userActivation } = navigator
    playback.seeking(now(), userActivation ? userActivation.isActive : false)
  })
  on(video, 'ratechange', () => session.rate(video.playbackRate))
  on(video, 'loadedmetadata', () => session.mark('demuxed'))
  on(video, 'loadeddata', () => session.mark('decoded'))
  on(video, 'canplaythrough', () => session.mark('ready'))
  on(video, 'loadstart', () => session.reload())
  on(video, 'error', () => {
    const { error } = video
    const [code, category] = ERRORS[(error?.code ?? 0) - 1] ?? ['unknown', 'other']
    session.error({ code, category, fatal: true, message: error?.message || undefined })
  })
  on(document, 'visibilitychange', () => {
    look()
    if (document.visibilityState === 'hidden') session.hide(false)
  })
  on(window, 'pagehide', (event) => session.hide(!(event as PageTransitionEvent).persisted))

  let frame = 0
  const shown = guard((at: number, { mediaTime, presentationTime }: VideoFrameCallbackMetadata) => {
    // `loadeddata` comes after the frame it tells of.
    session.mark('decoded', presentationTime)
    session.mark('frame', at)
    playback.frame(at, mediaTime)
  })
  const next = () => {
    frame = video.requestVideoFrameCallback((at, metadata) => {
      next()
      guard(shownFrame)(metadata.expectedDisplayTime, metadata.mediaTime)
      // A picture shown before anybody asked to play is a poster.
      if (session.requested()) shown(at, metadata)
    })
  }
  if ('requestVideoFrameCallback' in video) {
    next()
    stops.push(() => video.cancelVideoFrameCallback(frame))
  }
  const timer = setInterval(look, LOOK_MS)
  stops.push(() => clearInterval(timer))

  session.rate(video.playbackRate)
  if (video.autoplay || !video.paused) session.request_play(begun)
  if (!video.paused) {
    playback.event('play', now())
    if (video.readyState >= 3 && video.currentTime > 0) playback.event('playing', now())
  }
  return () => {
    for (const stop of stops) stop()
  }
}
