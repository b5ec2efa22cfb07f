import { type CueMessage, decodeCue } from '../../schemas/sei.ts'
import type { Cancel } from './sender.ts'
import type { SessionCore } from './session.ts'

/** A round's cue at the frame that carries it. */
export interface Cue extends CueMessage {
  /** When its frame is on the screen, ms of `performance.now()`. */
  readonly frame_at: number
  /** Media time of its frame, s. */
  readonly time_s: number
}

/** Shows the round. Until it returns (or its promise resolves) the page has not shown it. */
export type CueHandler = (cue: Cue) => unknown

export interface CueOptions {
  readonly report: SessionCore['report']
  readonly now: () => number
  /** The collector's clock at a moment of `now()`, ms since the epoch. */
  readonly wall: (at: number) => number
  readonly later: (run: () => void, ms: number) => Cancel
  /** Runs when the page has painted what a handler changed, with the time of the paint. */
  readonly painted: (run: (at: number) => void) => void
}

export interface Cues {
  readonly sei: (uuid: string, data: Uint8Array, time_s: number) => void
  /** A frame is on the screen at `at`. */
  readonly frame: (at: number, mediaTime: number) => void
  /** The page showed the round at `at`, by whatever way it learnt of it. */
  readonly shown: (round: string, cue?: string, at?: number) => void
  readonly on: (handler: CueHandler) => () => void
}

/** A cue may be read half a frame's rounding away from its frame, s. */
const SAME_FRAME_S = 0.01
/** Cues this far behind the playhead belong to a past that was seeked away from, s. */
const PAST_S = 2
/** How long frame and page wait for each other before the one is told without the other. */
const PATIENCE_MS = 10_000
const REMEMBERED = 500

interface Meeting {
  message?: CueMessage
  frame_at?: number
  page_at?: number
  reported?: boolean
}

/** Calls the page's handler at the right frame, and reports how far frame and page were apart. */
export function createCues(options: CueOptions): Cues {
  const { report, now, wall, later, painted } = options
  const handlers = new Set<CueHandler>()
  const meetings = new Map<string, Meeting>()
  let pending: { key: string; message: CueMessage; time_s: number }[] = []

  const tell = (round: string, cue: string, meeting: Meeting) => {
    if (meeting.reported) return
    meeting.reported = true
    const { message, frame_at, page_at } = meeting
    const at = page_at ?? frame_at ?? now()
    report(
      'cue',
      {
        ...{ stage: 'shown', round, ...(cue && { cue }) },
        ...(page_at !== undefined && frame_at !== undefined && { skew_ms: page_at - frame_at }),
        ...(message && { since_trigger_ms: wall(at) - message.issued_us / 1000 }),
      },
      true,
    )
  }
  const meet = (round: string, cue: string, known: Meeting) => {
    const key = `${round}\n${cue}`
    const before = meetings.get(key)
    const meeting = { ...known, ...before }
    meetings.set(key, meeting)
    for (const oldest of meetings.keys()) if (meetings.size > REMEMBERED) meetings.delete(oldest)
    if (meeting.frame_at !== undefined && meeting.page_at !== undefined) tell(round, cue, meeting)
    else if (!before) later(() => tell(round, cue, meetings.get(key) ?? meeting), PATIENCE_MS)
  }
  const shown: Cues['shown'] = (round, cue = '', at = now()) => meet(round, cue, { page_at: at })

  return {
    shown,
    on: (handler) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    sei: (uuid, data, time_s) => {
      const message = decodeCue(uuid, data)
      if (!message) return
      const key = `${message.round}\n${message.cue}`
      // An encoder may repeat a cue in several frames: the first one counts.
      const known = meetings.get(key)?.frame_at !== undefined || pending.some((each) => each.key === key)
      if (!known) pending.push({ key, message, time_s })
    },
    frame: (at, mediaTime) => {
      const due = pending.filter((each) => each.time_s <= mediaTime + SAME_FRAME_S)
      if (due.length === 0) return
      pending = pending.filter((each) => !due.includes(each))
      for (const { message, time_s } of due) {
        if (time_s < mediaTime - PAST_S) continue
        const { round, cue } = message
        meet(round, cue, { message, frame_at: at })
        for (const handler of handlers) {
          const done = () => painted((paint) => shown(round, cue, paint))
          // A handler that throws has shown nothing; the error is the page's, and its console says so.
          void (async () => handler({ ...message, frame_at: at, time_s }))().then(done, (error) =>
            console.error(error),
          )
        }
      }
    },
  }
}
