import type { KindFields } from '../../schemas/kinds/kinds.ts'

/** One request as Resource Timing tells it, ms on the session's monotonic clock. */
export interface RequestTiming {
  readonly start: number
  readonly dns_ms: number
  readonly tcp_ms: number
  readonly tls_ms: number
  /** First byte of the answer. */
  readonly byte: number
}

/** Moments of a start, ms on the session's monotonic clock; what was not seen is missing. */
export interface StartupMarks {
  /** The request to play. */
  requested: number
  /** The first playlist or manifest was asked for. */
  manifest?: number
  /** The first media segment was asked for. */
  media?: number
  /** The first byte of media came. */
  byte?: number
  /** The decoder had its first frame. */
  demuxed?: number
  /** The first frame was decoded. */
  decoded?: number
  /** The element had enough data to play (`canplaythrough`): an autoplay that is allowed begins now. */
  ready?: number
  /** The first frame was on the screen. */
  frame?: number
  /** Handshake of the protocol, ms. */
  handshake_ms?: number
}

export type StartupPhases = Partial<Omit<KindFields<'startup'>, 'outcome'>>

const tenths = (ms: number) => Math.round(ms * 10) / 10

/**
 * The phases of first-screen time. They follow one another: what was ready before the request to play (a preload)
 * costs the viewer nothing, and a moment never lies before the one it follows.
 */
export function startupPhases(
  marks: StartupMarks,
  first?: RequestTiming,
  media?: RequestTiming,
): StartupPhases {
  const { requested } = marks
  const phases: Record<string, number> = {}
  let at = requested
  const follow = (name: keyof StartupPhases, until: number | undefined, from = at) => {
    if (until === undefined) return
    phases[name] = tenths(Math.max(0, until - Math.max(from, at)))
    at = Math.max(at, until)
  }
  const queried = marks.media ?? media?.start
  const begun = Math.max(requested, first?.start ?? marks.manifest ?? queried ?? requested)
  if (first && first.start >= requested) {
    for (const name of ['dns_ms', 'tcp_ms', 'tls_ms'] as const) phases[name] = tenths(first[name])
    at = begun + first.dns_ms + first.tcp_ms + first.tls_ms
  } else at = begun
  if (marks.handshake_ms !== undefined) {
    phases.handshake_ms = tenths(marks.handshake_ms)
    at += marks.handshake_ms
  }
  if (marks.manifest !== undefined || (first && first !== media)) follow('manifest_ms', queried)
  follow('first_byte_ms', media?.byte ?? marks.byte)
  // The element's events come a task or two after what they tell of: none is later than what follows it.
  const before = (mark: number | undefined, next = Infinity) => mark && Math.min(mark, next)
  const decoded = before(marks.decoded, marks.frame)
  follow('demux_ms', before(marks.demuxed, decoded))
  follow('decode_ms', decoded)
  follow('render_ms', marks.frame)
  if (marks.frame !== undefined) phases.video_startup_time_ms = tenths(Math.max(0, marks.frame - requested))
  return phases
}
