import type { PlaybackError } from '../adapter.ts'
import type { PlayState } from './ledger.ts'
import type { Cancel } from './sender.ts'

/** Standing still this long after a fatal error, with nobody trying again, is a failure. */
const GIVE_UP_MS = 5_000
/** A start that is tried again and again is a failure after this time: the viewer has seen nothing for so long. */
const START_GIVE_UP_MS = 30_000
/** No buffer of a live stream is longer: what still plays then loads. */
const PLAYED_ON_MS = 60_000
const LOOK_MS = 1_000

/** What is known of the last fatal error: whether it was one is known only afterwards. */
export interface FatalErrors {
  /** The player gave up. Pages often mend that: `hls.startLoad()`, a new `load()`, another source. */
  readonly add: (error: PlaybackError) => void
  /** Something is loaded again. */
  readonly retry: () => void
  /** Media came: the error is mended. */
  readonly mended: () => void
  /** The page goes: an error that nobody mended so far stays one. Gives it. */
  readonly unmended: () => PlaybackError | undefined
  readonly stop: () => void
}

/**
 * Tells a playback that failed from one that the page mends. A player's fatal error means that it stopped loading: what
 * is buffered still plays, and the page may load again. So the error counts when the picture has stood still for 5 s
 * since, and nothing was tried; a start that is tried again counts after 30 s.
 * @param failed is called once with the error that ended the playback
 */
export function createFatalErrors(options: {
  readonly now: () => number
  readonly later: (run: () => void, ms: number) => Cancel
  readonly state: () => PlayState
  readonly failed: (error: PlaybackError) => void
}): FatalErrors {
  const { now, later, state, failed } = options
  let pending:
    | { readonly error: PlaybackError; readonly first_ms: number; still_ms: number; retried: boolean }
    | undefined
  let timer: Cancel | undefined
  const forget = () => {
    timer?.()
    pending = undefined
  }
  const isStill = () => state() !== 'playing' && state() !== 'paused'
  const look = () => {
    if (!pending) return
    const at = now()
    if (!isStill()) pending.still_ms = at
    if (state() === 'playing' && (pending.retried || at - pending.first_ms > PLAYED_ON_MS)) return forget()
    const over = at - pending.still_ms >= GIVE_UP_MS
    if (over || (state() === 'starting' && at - pending.first_ms >= START_GIVE_UP_MS)) {
      const { error } = pending
      forget()
      failed(error)
    } else timer = later(look, LOOK_MS)
  }
  return {
    add: (error) => {
      const known = pending
      timer?.()
      pending = {
        error,
        first_ms: known?.first_ms ?? now(),
        still_ms: known?.still_ms ?? now(),
        retried: false,
      }
      timer = later(look, LOOK_MS)
    },
    retry: () => {
      if (!pending) return
      pending.still_ms = now()
      pending.retried = true
    },
    mended: forget,
    unmended: () => {
      const error = pending && isStill() ? pending.error : undefined
      forget()
      return error
    },
    stop: forget,
  }
}
