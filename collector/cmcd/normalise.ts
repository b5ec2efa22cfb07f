import { validatorOf } from '../../schemas/derive/validate.ts'
import { ENVELOPE } from '../../schemas/envelope.ts'
import { maxLengthOf } from '../../schemas/field.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { type CmcdRecord, flagOf, numberOf, textOf } from './decode.ts'
import { FORMATS, PLAYER_STATES } from './keys.ts'
import type { CmcdSession } from './sessions.ts'

export type CmcdMode = 'event' | 'request'

/** An event for the pipeline; `dropped` says that something its source sent could not be true. */
export interface NormalisedEvent {
  readonly event: Record<string, unknown> & { readonly kind: Kind }
  readonly dropped: boolean
}

/** Longer silences are no play: the player slept, or its reports were lost. */
const LONGEST_INTERVAL_MS = 60_000
const LARGEST_TTFB_MS = 600_000
/** No picture comes this fast: dash.js' first `msd` is 2. */
const SHORTEST_STARTUP_MS = 10
const LARGEST_GAP = 10_000

const CUSTOM_LENGTH = maxLengthOf(ENVELOPE.custom)

export interface NormaliseInput {
  readonly record: CmcdRecord
  readonly mode: CmcdMode
  /** When the report was, on the collector's clock. */
  readonly at_ms: number
  readonly session: CmcdSession
}

/** One CMCD report → a heartbeat for the time since the session's previous one, and a startup when it tells of one. */
export function normaliseCmcd({ record, mode, at_ms, session }: NormaliseInput): NormalisedEvent[] {
  let dropped = record.dropped.length > 0
  const within = (value: number | undefined, min: number, max: number): number | undefined => {
    if (value === undefined || (value >= min && value <= max)) return value
    dropped = true
    return undefined
  }
  const previous = session.state
  const sta = textOf(record, 'sta')
  const stated = (sta === undefined ? undefined : PLAYER_STATES[sta]) ?? previous
  // Waiting for data before the first picture is the start, not a stall.
  const state = stated === 'stalled' && previous === 'starting' ? 'starting' : stated
  if (sta !== undefined) session.saysState = true
  const interval_ms = intervalOf(session, at_ms)
  const msd = within(numberOf(record, 'msd'), SHORTEST_STARTUP_MS, LARGEST_TTFB_MS)
  const name = textOf(record, 'e')
  const rr = name === 'rr'
  const rc = numberOf(record, 'rc')
  const base = baseOf(record, mode, at_ms)
  const error_code = textOf(record, 'ec')

  const startup = startupOf({ session, state, msd, at_ms, error_code })
  const spent = spentOf({ session, record, previous, state, interval_ms })
  const heartbeat: Record<string, unknown> = {
    ...base,
    kind: 'heartbeat',
    interval_ms,
    reason: reasonOf(name, previous, state, flagOf(record, 'bg')),
    state: state === '' ? undefined : state,
    ...spent,
    ...sequenceOf(session, mode, numberOf(record, 'sn')),
    frames_dropped: grown(session, 'frames_dropped', numberOf(record, 'dfa')),
    bitrate_kbps: numberOf(record, 'br'),
    bandwidth_kbps: numberOf(record, 'mtp'),
    buffer_ms: numberOf(record, 'bl'),
    live_latency_ms: numberOf(record, 'ltc'),
    ...pacedOf(session, numberOf(record, 'pr'), spent.played_ms),
    switches: name === 'bc' ? 1 : undefined,
    requests: rr ? 1 : undefined,
    requests_failed: rr && rc !== undefined && (rc === 0 || rc >= 400) ? 1 : undefined,
    ttfb_ms: rr ? within(numberOf(record, 'ttfb'), 0, LARGEST_TTFB_MS) : undefined,
    error_code,
    error_fatal: state === 'failed' && previous !== 'failed' ? true : undefined,
  }
  session.state = state
  const events = [sane(heartbeat)]
  if (startup !== undefined) events.unshift(sane({ ...base, kind: 'startup', ...startup }))
  return events.map(({ event, dropped: more }) => ({ event, dropped: dropped || more }))
}

/** The interval was played at the rate that the report before it said; a report without one leaves it. */
function pacedOf(
  session: CmcdSession,
  rate: number | undefined,
  played_ms: number | undefined,
): Record<string, number | undefined> {
  const before = session.rate
  if (rate !== undefined) session.rate = rate
  return {
    playback_rate: rate,
    fast_ms: before > 1 ? played_ms : undefined,
    slow_ms: before > 0 && before < 1 ? played_ms : undefined,
  }
}

/** What every event of a report has: who, when, and the keys that have no column. */
function baseOf(record: CmcdRecord, mode: CmcdMode, at_ms: number): Record<string, unknown> {
  const sn = numberOf(record, 'sn')
  const rest: Record<string, unknown> = { ...record.custom }
  for (const key of ['cen', 'cs', 'smrt', 'cmsdd', 'cmsds'] as const)
    if (record.values[key] !== undefined) rest[key] = textOf(record, key)
  const custom = Object.keys(rest).length === 0 ? undefined : JSON.stringify(rest)
  const { cdn } = record.custom
  return {
    time_ms: at_ms,
    // `sn` counts by mode, so the two must not meet in one row of numbers.
    seq: sn === undefined || sn < 0 || sn > 2e9 ? undefined : Math.round(sn) * 2 + (mode === 'event' ? 1 : 0),
    stream: textOf(record, 'cid'),
    session: textOf(record, 'sid'),
    protocol: FORMATS[textOf(record, 'sf') ?? ''],
    cdn: typeof cdn === 'string' ? cdn : undefined,
    edge: textOf(record, 'h') ?? hostOf(textOf(record, 'url')),
    custom: custom !== undefined && custom.length > CUSTOM_LENGTH ? undefined : custom,
  }
}

function hostOf(url: string | undefined): string | undefined {
  const host = url?.match(/^https?:\/\/([^/?#@]+)/)?.[1]
  return host === undefined || host.length > 128 ? undefined : host
}

/** Time since the session's previous report, in whichever mode: what came late or is far apart counts as nothing. */
function intervalOf(session: CmcdSession, at_ms: number): number {
  const { last_ms } = session
  if (last_ms === undefined) {
    session.last_ms = at_ms
    return 0
  }
  const interval = at_ms - last_ms
  if (interval <= 0) return 0
  session.last_ms = at_ms
  return interval > LONGEST_INTERVAL_MS ? 0 : Math.round(interval)
}

/** How much a counter of the session grew; the first report of it, and a counter set back, grow nothing. */
function grown(
  session: CmcdSession,
  counter: 'emptied' | 'emptied_ms' | 'frames_dropped',
  value: number | undefined,
): number | undefined {
  if (value === undefined) return undefined
  const before = session[counter]
  session[counter] = value
  return before === undefined || value < before ? 0 : value - before
}

/** A gap in `sn` is a lost report. One that comes late fills the gap it left: received, but not expected again. */
function sequenceOf(
  session: CmcdSession,
  mode: CmcdMode,
  sn: number | undefined,
): { reports_expected?: number; reports_received?: number } {
  if (sn === undefined) return {}
  const before = session.sn[mode]
  if (before !== undefined && sn <= before && before - sn < LARGEST_GAP)
    return { reports_expected: 0, reports_received: 1 }
  session.sn[mode] = sn
  const expected = before === undefined || sn - before > LARGEST_GAP || sn < before ? 1 : sn - before
  return { reports_expected: expected, reports_received: 1 }
}

interface SpentInput {
  readonly session: CmcdSession
  readonly record: CmcdRecord
  readonly previous: string
  readonly state: string
  readonly interval_ms: number
}

/**
 * Where the interval went: to what the player was doing before this report. Players that never say their state are
 * taken to play, less what they say the buffer was empty.
 */
function spentOf({ session, record, previous, state, interval_ms }: SpentInput): Record<string, number> {
  const emptied = grown(session, 'emptied', numberOf(record, 'bsa'))
  const emptiedTotal = grown(session, 'emptied_ms', numberOf(record, 'bsda'))
  if (session.saysState) {
    const spent: Record<string, number> = {}
    const column = {
      playing: 'played_ms',
      stalled: 'stalled_ms',
      paused: 'paused_ms',
      seeking: 'seeking_ms',
    }[previous]
    if (column !== undefined) spent[column] = interval_ms
    if (state === 'stalled' && previous !== 'stalled' && previous !== '') spent.stall_count = 1
    return spent
  }
  const stalled_ms = Math.min(interval_ms, numberOf(record, 'bsd') ?? emptiedTotal ?? 0)
  const stall_count = emptied ?? (flagOf(record, 'bs') || stalled_ms > 0 ? 1 : 0)
  return { played_ms: interval_ms - stalled_ms, stalled_ms, stall_count }
}

interface StartupInput {
  readonly session: CmcdSession
  readonly state: string
  readonly msd: number | undefined
  readonly at_ms: number
  readonly error_code: string | undefined
}

/** A startup is told once, and only when its beginning was seen or the player measured it. */
function startupOf({
  session,
  state,
  msd,
  at_ms,
  error_code,
}: StartupInput): Record<string, unknown> | undefined {
  if (session.started) return undefined
  if (state === 'starting') session.starting_ms ??= at_ms
  const since = session.starting_ms
  if (msd !== undefined || state === 'playing') {
    session.started = true
    const measured = msd ?? (since === undefined ? undefined : at_ms - since)
    return measured === undefined ? undefined : { outcome: 'started', video_startup_time_ms: measured }
  }
  if (since === undefined) return undefined
  if (state === 'failed' || state === 'ended') {
    session.started = true
    return state === 'failed' ? { outcome: 'failed', error_code } : { outcome: 'abandoned' }
  }
  return undefined
}

function reasonOf(event: string | undefined, previous: string, state: string, hidden: boolean): string {
  if (event === 'e' || (state === 'failed' && previous !== 'failed')) return 'error'
  if (event === 'bc') return 'switch'
  if (event === 'b') return hidden ? 'hide' : 'interval'
  if (state === previous) return 'interval'
  if (state === 'stalled') return 'stall_start'
  if (state === 'starting') return 'start'
  if (state === 'paused') return 'pause'
  if (state === 'ended') return 'end'
  if (state === 'playing')
    return previous === 'stalled'
      ? 'stall_end'
      : previous === 'paused'
        ? 'resume'
        : previous === 'starting'
          ? 'start'
          : 'interval'
  return 'interval'
}

/** Takes out what the catalogue's check does not let through, so that one bad value does not cost the report. */
function sane(event: Record<string, unknown>): NormalisedEvent {
  const kind = event.kind as Kind
  let dropped = false
  for (let refusal = validatorOf(kind)(event); refusal !== undefined; refusal = validatorOf(kind)(event)) {
    const field = refusal.detail?.split(':', 1)[0] ?? ''
    if (event[field] === undefined) break
    event[field] = undefined
    dropped = true
  }
  return { event: { ...event, kind }, dropped }
}
