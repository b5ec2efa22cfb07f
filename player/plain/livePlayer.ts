import type { ErrorCategory } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import { type MiniProgramApi, miniProgramHost } from './miniProgramHost.ts'
import { monitorPlain, type PlainOptions, type PlainSession } from './monitorPlain.ts'

/** An event of a component: its facts stand in `detail`. */
export interface ComponentEvent {
  readonly detail?: Readonly<Record<string, unknown>>
}

export interface MiniProgramOptions extends Omit<PlainOptions, 'host' | 'player' | 'container' | 'declares'> {
  /** `wx`, `my` or `tt`. */
  readonly api: MiniProgramApi
  /** The stream's address, as the component's `src` has it. */
  readonly src?: string
}

/** Errors of `<live-player>` after which it goes on by itself: code → category. */
const WARNINGS: Readonly<Record<number, ErrorCategory>> = {
  2101: 'decode',
  2102: 'decode',
  2103: 'network',
  2106: 'decode',
  2108: 'decode',
  3001: 'network',
  3002: 'network',
  3003: 'network',
  3005: 'network',
}
/** After these it has given up: the page must start it again. */
const FATAL: Readonly<Record<number, ErrorCategory>> = { [-2301]: 'network', [-2302]: 'network' }

const number = (value: unknown): number | undefined => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : undefined
}

const codeOf = (detail: Readonly<Record<string, unknown>>): number | undefined => {
  const found = Number(detail.code ?? detail.errCode ?? detail.errNo ?? detail.errorCode)
  return Number.isFinite(found) ? found : undefined
}

function sessionOf(options: MiniProgramOptions, player: 'live-player' | 'video'): PlainSession {
  const session = monitorPlain({
    ...options,
    host: miniProgramHost(options.api),
    player,
    container: 'mini-program',
  })
  options.api.onAppHide?.(() => session.hide())
  return session
}

/** `binderror`: the component has given up. */
const errorHandler = (session: PlainSession) =>
  guard(({ detail = {} }: ComponentEvent) => {
    session.error({
      code: String(codeOf(detail) ?? 'unknown'),
      category: 'player',
      fatal: true,
      message: typeof detail.errMsg === 'string' ? detail.errMsg : undefined,
    })
  })

/** What the page binds to `<live-player>`. */
export interface LivePlayerMonitor {
  readonly session: PlainSession
  /** `bindstatechange`. */
  readonly onStateChange: (event: ComponentEvent) => void
  /** `bindnetstatus`, once a second. */
  readonly onNetStatus: (event: ComponentEvent) => void
  /** `binderror`. */
  readonly onError: (event: ComponentEvent) => void
}

/**
 * `<live-player>` of mini-programs (RTMP and FLV; WeChat, QQ, Baidu, Douyin, JD). State codes as the component's reference
 * lists them: 2002 begins to pull, 2003 first key frame, 2004 plays, 2007 loads (a stall), 2006 ended, −2301 given up.
 */
export function monitorLivePlayer(options: MiniProgramOptions): LivePlayerMonitor {
  const { src } = options
  const session = sessionOf(options, 'live-player')
  const now = () => Date.now()
  let seen_ms = now()
  let frames = 0
  session.request()
  return {
    session,
    onStateChange: guard(({ detail = {} }) => {
      const code = codeOf(detail)
      if (code === undefined) return
      if (code === 2002) {
        if (src !== undefined) session.source('media', src)
        session.mark('media')
      } else if (code === 2003) {
        session.mark('byte')
        session.mark('demuxed')
      } else if (code === 2004) session.playing()
      else if (code === 2007) session.waiting()
      else if (code === 2006) session.ended()
      else if (code in FATAL || code in WARNINGS)
        session.error({
          code: String(code),
          category: (FATAL[code] ?? WARNINGS[code])!,
          fatal: code in FATAL,
          message: typeof detail.message === 'string' ? detail.message : undefined,
        })
    }),
    onNetStatus: guard(({ detail = {} }) => {
      const info = (detail.info ?? detail) as Readonly<Record<string, unknown>>
      const at_ms = now()
      const speed_kbps = number(info.netSpeed)
      if (speed_kbps !== undefined && src !== undefined)
        session.media({ url: src, count: 0, bytes: (speed_kbps * (at_ms - seen_ms)) / 8 })
      frames += ((number(info.videoFPS) ?? 0) * (at_ms - seen_ms)) / 1000
      seen_ms = at_ms
      const video_kbps = number(info.videoBitrate)
      session.sample({
        bandwidth_kbps: speed_kbps,
        bitrate_kbps: video_kbps === undefined ? undefined : video_kbps + (number(info.audioBitrate) ?? 0),
        buffer_ms: number(info.videoCache),
        width: number(info.videoWidth),
        height: number(info.videoHeight),
        frames_decoded: number(info.videoFPS) === undefined ? undefined : Math.round(frames),
      })
    }),
    onError: errorHandler(session),
  }
}

/** What the page binds to `<video>`. */
export interface VideoComponentMonitor {
  readonly session: PlainSession
  /** `bindplay`. */
  readonly onPlay: () => void
  /** `bindpause`. */
  readonly onPause: () => void
  /** `bindended`. */
  readonly onEnded: () => void
  /** `bindwaiting`. */
  readonly onWaiting: () => void
  /** `bindtimeupdate`, four times a second. */
  readonly onTimeUpdate: (event: ComponentEvent) => void
  /** `bindloadedmetadata`. */
  readonly onLoadedMetadata: (event: ComponentEvent) => void
  /** `binderror`. */
  readonly onError: (event: ComponentEvent) => void
}

/** `<video>` of mini-programs (HLS and files). The picture moves where `timeupdate` says that time moved. */
export function monitorVideoComponent(options: MiniProgramOptions): VideoComponentMonitor {
  const { src } = options
  const session = sessionOf(options, 'video')
  let last_s = -1
  let still = true
  return {
    session,
    onPlay: guard(() => {
      session.request()
      if (src !== undefined) session.source('media', src)
      session.mark('media')
    }),
    onPause: guard(() => {
      still = true
      session.paused()
    }),
    onEnded: guard(() => session.ended()),
    onWaiting: guard(() => {
      still = true
      session.waiting()
    }),
    onTimeUpdate: guard(({ detail = {} }) => {
      const at_s = number(detail.currentTime)
      if (at_s === undefined || at_s === last_s) return
      const first = last_s < 0 && at_s === 0
      last_s = at_s
      if (!still || first) return
      still = false
      session.playing()
    }),
    onLoadedMetadata: guard(({ detail = {} }) => {
      session.mark('demuxed')
      session.sample({ width: number(detail.width), height: number(detail.height) })
    }),
    onError: errorHandler(session),
  }
}
