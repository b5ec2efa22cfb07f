import type { PlayState } from './ledger.ts'

/** What the media element says by itself. `seeking` tells whether the viewer's hand was in it. */
export type PlaybackEvent =
  | 'play'
  | 'playing'
  | 'waiting'
  | 'pause'
  | 'seeked'
  | 'ended'
  | 'failed'
  /** Something is loaded again after a failure. */
  | 'loading'

/** What a regular look at the media element sees. */
export interface Look {
  /** Media time, s. */
  readonly time_s: number
  /** Media buffered ahead of the playhead, ms. */
  readonly ahead_ms: number
  /** `readyState`. */
  readonly ready: number
  /** Frames decoded since the element began. */
  readonly decoded: number
  /** Frame callbacks are to be expected: the browser has them and the page is visible. */
  readonly framed: boolean
}

export interface Playback {
  readonly state: () => PlayState
  readonly event: (name: PlaybackEvent, at: number) => void
  readonly seeking: (at: number, byViewer: boolean) => void
  /** A frame was put on the screen. `mediaTime` in s. */
  readonly frame: (at: number, mediaTime: number) => void
  readonly look: (at: number, look: Look) => void
  /** What was until now is not known (the machine slept): standing still counts from here. */
  readonly rest: (at: number) => void
}

/** A picture that stands still this much longer than a frame is no longer smooth (W3C's freeze rule adds 150 ms). */
const FREEZE_MS = 150
/** With less than this ahead, standing still is for lack of data. */
const LOW_BUFFER_MS = 250
/** Standing still this long is a stall, whatever the buffer says. */
const STUCK_MS = 1_000
/** Media time that must pass for play to count as moving when no frames are told, s. */
const MOVED_S = 0.25

/**
 * The state of one playback, from the element's events, its frames and regular looks at it.
 * A stall is found when the picture has stood still for lack of data, is dated back to the last frame, and ends
 * with the next frame. A seek lasts until the picture moves again; neither it, nor a pause, nor the start is a stall.
 */
export function createPlayback(change: (state: PlayState, at: number, from: PlayState) => void): Playback {
  let state: PlayState = 'starting'
  let started = false
  let playing = false
  let paused = false
  let seeking = false
  let sought = false
  let stalled = false
  let over: 'ended' | 'failed' | undefined
  let starving = false
  let framed = false
  let frameAt = 0
  let shown = -1
  /** Mean time between frames, ms. */
  let gap = 40
  let time_s = 0
  let entered_s = 0
  let movedAt = 0
  let decoded = 0

  const settle = (at: number) => {
    const next: PlayState =
      over ??
      (!started ? 'starting' : paused ? 'paused' : seeking ? 'seeking' : stalled ? 'stalled' : 'playing')
    if (next === state) return
    const from = state
    state = next
    entered_s = time_s
    change(next, at, from)
  }
  /** Standing still is counted from here. */
  const rest = (at: number) => {
    frameAt = at
    movedAt = at
  }
  const moving = (at: number) => {
    stalled = false
    if (sought) seeking = false
    if (playing) started = true
    settle(at)
  }
  return {
    rest,
    state: () => state,
    event: (name, at) => {
      if (name === 'waiting') starving = true
      else if (name === 'playing') {
        starving = false
        playing = true
        over = undefined
        // The first frame is often on the screen before the element says that it plays.
        if (!framed || (!started && shown >= 0)) {
          moving(at)
          rest(at)
        }
      } else if (name === 'pause') {
        paused = true
        stalled = false
      } else if (name === 'play') {
        paused = false
        over = undefined
        rest(at)
      } else if (name === 'seeked') {
        sought = true
        rest(at)
      } else if (name === 'loading') over = undefined
      else over = name
      settle(at)
    },
    seeking: (at, byViewer) => {
      // A player that jumps over a hole or to the live edge while it is stalled is still stalled.
      if (stalled && !byViewer) return
      seeking = true
      sought = false
      stalled = false
      settle(at)
    },
    frame: (at, mediaTime) => {
      if (mediaTime === shown) return
      framed = true
      const since = at - frameAt
      if (state === 'playing' && since < 3 * gap + FREEZE_MS) gap += (since - gap) / 10
      shown = mediaTime
      rest(at)
      // Whoever sees the picture move has not failed.
      if (over === 'failed') over = undefined
      if (!paused) moving(at)
    },
    look: (at, seen) => {
      if (seen.framed !== framed) rest(at)
      framed = seen.framed
      const moved = seen.time_s !== time_s
      time_s = seen.time_s
      if (moved) movedAt = at
      const decoding = seen.decoded !== decoded
      decoded = seen.decoded
      // Sound alone has no frames.
      const still = framed && shown >= 0 ? frameAt : movedAt
      if (state === 'playing' && !decoding) {
        const lacking = starving || seen.ready < 3 || seen.ahead_ms < LOW_BUFFER_MS
        const quiet = at - still
        if ((quiet > Math.max(3 * gap, gap + FREEZE_MS) && lacking) || at - movedAt > STUCK_MS) {
          stalled = true
          settle(Math.min(at, still + gap))
        }
      } else if (state === 'stalled' || (state === 'seeking' && sought)) {
        const steady = !framed || (seen.ready >= 3 && seen.ahead_ms >= 2 * LOW_BUFFER_MS)
        if (moved && steady && time_s - entered_s >= MOVED_S) moving(at)
      } else if (state === 'starting' && playing && moved && time_s - entered_s >= 2 * MOVED_S) moving(at)
    },
  }
}
