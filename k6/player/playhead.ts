export type PlayheadState = 'starting' | 'playing' | 'stalled'

/** Totals since the last `take()`, and the state now. */
export interface Interval {
  readonly interval_ms: number
  readonly played_ms: number
  readonly stalled_ms: number
  readonly stall_count: number
}

export interface Playhead {
  readonly state: () => PlayheadState
  /** Lets time pass up to `now`; a stall is dated back to the moment the buffer ran empty. */
  readonly advance: (now: number) => void
  /** Media became playable. */
  readonly arrive: (now: number, mediaMs: number) => void
  readonly bufferMs: () => number
  /** Media time played, ms. */
  readonly positionMs: () => number
  readonly startedAt: () => number | undefined
  readonly stalls: () => number
  readonly stalledMs: () => number
  readonly playedMs: () => number
  /** The interval since the last call; then a new one begins. */
  readonly take: (now: number) => Interval
}

export interface PlayheadOptions {
  /** When the viewer asked to play, ms. */
  readonly requestedAt: number
  /** Media that must be there before the n-th stall is over, ms. Default 0: it goes on with the next frame. */
  readonly resumeMs?: (stall: number) => number
}

/**
 * What Chromium waits for: each time its sound runs dry it doubles what it wants to have before it goes on, from 0.2 s
 * up to 3 s. Seen in the browser: after the fourth stall a segment of two seconds is not enough to go on.
 */
export const chromiumResumeMs = (stall: number): number => Math.min(200 * 2 ** stall, 3_000)

/**
 * A player without a picture: it begins with the first media, plays at 1×, and stands still when the buffer is empty.
 * The states and what counts are the SDK's: the start is no stall, and a stall lasts from the last frame to the next.
 */
export function createPlayhead(options: PlayheadOptions): Playhead {
  const { resumeMs = () => 0 } = options
  let state: PlayheadState = 'starting'
  let at = options.requestedAt
  let arrived = 0
  let position = 0
  let startedAt: number | undefined
  let stalls = 0
  let stalledMs = 0
  let mark = { at, position: 0, stalledMs: 0, stalls: 0 }

  const advance = (now: number) => {
    const passed = Math.max(0, now - at)
    at = Math.max(at, now)
    if (state === 'stalled') stalledMs += passed
    if (state !== 'playing') return
    const left = arrived - position
    if (passed <= left) {
      position += passed
      return
    }
    position = arrived
    state = 'stalled'
    stalls++
    stalledMs += passed - left
  }
  return {
    state: () => state,
    advance,
    arrive: (now, mediaMs) => {
      advance(now)
      arrived += mediaMs
      if (state === 'starting' && arrived > 0) {
        state = 'playing'
        startedAt = at
      } else if (state === 'stalled' && arrived - position >= resumeMs(stalls)) state = 'playing'
    },
    bufferMs: () => arrived - position,
    positionMs: () => position,
    startedAt: () => startedAt,
    stalls: () => stalls,
    stalledMs: () => stalledMs,
    playedMs: () => position,
    take: (now) => {
      advance(now)
      const interval = {
        interval_ms: Math.round(at - mark.at),
        played_ms: Math.round(position - mark.position),
        stalled_ms: Math.round(stalledMs - mark.stalledMs),
        stall_count: stalls - mark.stalls,
      }
      mark = { at, position, stalledMs, stalls }
      return interval
    },
  }
}
