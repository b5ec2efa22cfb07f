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
  readonly arrive: (now: number, media_ms: number) => void
  readonly buffer_ms: () => number
  /** Media time played, ms. */
  readonly position_ms: () => number
  readonly startedAt: () => number | undefined
  readonly stalls: () => number
  readonly stalled_ms: () => number
  readonly played_ms: () => number
  /** The interval since the last call; then a new one begins. */
  readonly take: (now: number) => Interval
}

export interface PlayheadOptions {
  /** When the viewer asked to play, ms. */
  readonly requestedAt: number
  /** Media that must be there before the n-th stall is over, ms. Default 0: it goes on with the next frame. */
  readonly resume_ms?: (stall: number) => number
}

/**
 * What Chromium waits for: each time its sound runs dry it doubles what it wants to have before it goes on, from 0.2 s
 * up to 3 s. Seen in the browser: after the fourth stall a segment of two seconds is not enough to go on.
 */
export const chromiumResume_ms = (stall: number): number => Math.min(200 * 2 ** stall, 3_000)

/**
 * A player without a picture: it begins with the first media, plays at 1×, and stands still when the buffer is empty.
 * The states and what counts are the SDK's: the start is no stall, and a stall lasts from the last frame to the next.
 */
export function createPlayhead(options: PlayheadOptions): Playhead {
  const { resume_ms = () => 0 } = options
  let state: PlayheadState = 'starting'
  let at = options.requestedAt
  let arrived = 0
  let position = 0
  let startedAt: number | undefined
  let stalls = 0
  let stalled_ms = 0
  let mark = { at, position: 0, stalled_ms: 0, stalls: 0 }

  const advance = (now: number) => {
    const passed = Math.max(0, now - at)
    at = Math.max(at, now)
    if (state === 'stalled') stalled_ms += passed
    if (state !== 'playing') return
    const left = arrived - position
    if (passed <= left) {
      position += passed
      return
    }
    position = arrived
    state = 'stalled'
    stalls++
    stalled_ms += passed - left
  }
  return {
    state: () => state,
    advance,
    arrive: (now, media_ms) => {
      advance(now)
      arrived += media_ms
      if (state === 'starting' && arrived > 0) {
        state = 'playing'
        startedAt = at
      } else if (state === 'stalled' && arrived - position >= resume_ms(stalls)) state = 'playing'
    },
    buffer_ms: () => arrived - position,
    position_ms: () => position,
    startedAt: () => startedAt,
    stalls: () => stalls,
    stalled_ms: () => stalled_ms,
    played_ms: () => position,
    take: (now) => {
      advance(now)
      const interval = {
        interval_ms: Math.round(at - mark.at),
        played_ms: Math.round(position - mark.position),
        stalled_ms: Math.round(stalled_ms - mark.stalled_ms),
        stall_count: stalls - mark.stalls,
      }
      mark = { at, position, stalled_ms, stalls }
      return interval
    },
  }
}
