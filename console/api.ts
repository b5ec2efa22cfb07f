import type { experienceOf } from '../schemas/experience.ts'
import type { IncidentView } from '../schemas/incident.ts'
import type { Hop } from '../schemas/kinds/kinds.ts'
import type { STARTUP_PHASES } from '../schemas/kinds/startup.ts'
import type { Metric } from '../schemas/metrics.ts'

/**
 * What the console's API says, as JSON. Times are ms since the epoch by the collector's clock (`received_time`).
 * Things that change by themselves are objects by name, not arrays, so that a JSON merge patch carries only what changed.
 */

/**
 * How a hop is: `sick` where an open incident says it breaks, `affected` where only its effect is felt, `strained` where an
 * objective is missed, `silent` when it reported within the axis and does not now, `absent` when nothing reports from there.
 */
export type Health = 'well' | 'strained' | 'affected' | 'sick' | 'silent' | 'absent'

export interface HopView {
  readonly health: Health
  /** The metric that stands under the hop, and the one its chart shows. */
  readonly headline: Metric
  /** What makes it sick, affected or strained: the incident, or the metric that misses its objective. */
  readonly incident?: string
  readonly missed?: Metric
  /** Whom the incident names, as dimension values: `{ cdn: 'cdn-b' }`. */
  readonly cause?: Readonly<Record<string, string>>
  /** The headline among those whom the incident names, and its course. */
  readonly value?: number
  readonly series?: Readonly<Record<string, number>>
  /** The headline at its worst while the incident lasted; it stays while the incident is on the axis. */
  readonly worst?: number
  /** The stretch of time that the headline's value counts, ms. */
  readonly window_ms: number
  /** When the hop was last heard, where it was heard within the axis. */
  readonly heard_ms?: number
  /** The last value there was, where there is no current one: never shown as current. */
  readonly was?: number
}

/** A show that is over: nothing is reported any more, and no incident says why. */
export interface EndedView {
  /** When its last report came. */
  readonly at_ms: number
  /** Most viewers at once, within its last day. */
  readonly peak: number
}

/** Bounds of a share that was counted: Wilson's 95 % interval over `n` facts. */
export interface Interval {
  readonly low: number
  readonly high: number
  readonly n: number
}

export interface GroupView {
  /** Playbacks of the last ten seconds: counts of all groups add up to the whole. */
  readonly watching: number
  readonly stall_ratio?: number
  readonly latency_ms?: number
  readonly first_screen_ms?: number
}

export interface RoundView {
  readonly from_ms: number
  readonly to_ms: number
  readonly interactions?: number
  readonly success?: number
  /** By app: from the operator's trigger until shown, page after frame, and pages that showed it. */
  readonly apps: Readonly<Record<string, { production_ms?: number; skew_ms?: number; shown: number }>>
}

/** Everything the page of one show (or one stream, or one app of it) draws. */
export interface Snapshot {
  readonly clock: 'received_time'
  readonly tenant: string
  readonly show: string
  readonly stream?: string
  readonly app?: string
  /** The moment looked at: values are of the `window_ms` before it. */
  readonly at_ms: number
  readonly live: boolean
  readonly window_ms: number
  /** The time axis. */
  readonly from_ms: number
  readonly step_ms: number
  /** When the newest fact came; 0: none within the axis. */
  readonly data_ms: number
  /** Set when the show is over: the picture is its last one. */
  readonly ended?: EndedView
  /** The last show's course at the same minutes, where it was asked for: how much earlier that was, ms, and its steps at our times. */
  readonly earlier?: { readonly shift_ms: number; readonly series: Snapshot['series'] }
  readonly hops: Readonly<Record<Hop, HopView>>
  readonly values: Partial<Readonly<Record<Metric, number>>>
  readonly intervals: Partial<Readonly<Record<Metric, Interval>>>
  /** By metric, then by the beginning of the step (s since the epoch); a step nothing was measured in is missing. */
  readonly series: Partial<Readonly<Record<Metric, Readonly<Record<string, number>>>>>
  /** Mean of each phase of the starts of the last minute, ms, and how many starts. */
  readonly startup: Partial<Readonly<Record<(typeof STARTUP_PHASES)[number], number>>> & {
    readonly starts?: number
  }
  /** Stall ratio of the last minute by operator, then CDN. */
  readonly heat: Readonly<Record<string, Readonly<Record<string, { value: number; watching: number }>>>>
  readonly streams: Readonly<Record<string, GroupView>>
  readonly apps: Readonly<Record<string, GroupView>>
  readonly rounds: Readonly<Record<string, RoundView>>
  /** Releases, configurations and templates that were changed within the axis. */
  readonly changes: Readonly<Record<string, { readonly at_ms: number; readonly label: string }>>
  /** Sessions of the last minute that cannot be believed: no number counts them. */
  readonly set_apart: number
  /** Incidents that were open at some time of the axis, as they stood at `at_ms`. */
  readonly incidents: Readonly<Record<string, IncidentView>>
}

/** One show of the list. */
export interface ShowView {
  readonly watching: number
  readonly stall_ratio?: number
  readonly first_screen_ms?: number
  readonly latency_ms?: number
  readonly streams: number
  readonly apps: number
  /** When its newest fact came. */
  readonly data_ms: number
  readonly open: number
  readonly ended?: EndedView
  /** Watching, by the beginning of the step, s. */
  readonly series: Readonly<Record<string, number>>
}

export interface ShowList {
  readonly clock: 'received_time'
  readonly tenant: string
  readonly at_ms: number
  readonly live: boolean
  readonly shows: Readonly<Record<string, ShowView>>
  readonly incidents: Readonly<Record<string, IncidentView>>
}

/** What one hop of an incident's stream said, by the beginning of the step, s. */
export interface CourseRow {
  readonly metric: Metric
  /** Of those whom the cause names, where the hop tells them apart; else of everybody. */
  readonly series: Readonly<Record<string, number>>
  /** Of everybody else. */
  readonly others?: Readonly<Record<string, number>>
  /** At its worst while the incident lasted. */
  readonly worst?: number
}

/** How an incident went: a minute before it until half a minute after, at most a quarter of an hour. */
export interface IncidentCourse {
  readonly clock: 'received_time'
  readonly from_ms: number
  readonly to_ms: number
  readonly step_ms: number
  readonly hops: Partial<Readonly<Record<Hop, CourseRow>>>
}

/** One session of a list of affected ones, the worst first. */
export interface SessionRow {
  readonly session: string
  readonly show: string
  readonly stream: string
  readonly app: string
  readonly cdn: string
  readonly isp: string
  readonly region: string
  readonly device: string
  readonly first_ms: number
  readonly last_ms: number
  readonly stalled_ms: number
  readonly stalls: number
  readonly failures: number
  readonly latency_ms: number | null
  readonly bitrate_kbps: number | null
}

/** One viewer's playback, and what the link said of its stream in the same time. */
export interface SessionView {
  readonly clock: 'received_time'
  readonly session: string
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly about: Readonly<Record<string, string>>
  readonly from_ms: number
  readonly to_ms: number
  /** Its experience score; missing where nothing in it was measured. */
  readonly experience?: ReturnType<typeof experienceOf>
  readonly startup?: {
    readonly at_ms: number
    readonly outcome: string
    readonly first_screen_ms: number | null
    readonly phases: Readonly<Record<string, number>>
    readonly error: string
  }
  /** Intervals of play, in order; `at_ms` is the interval's end. */
  readonly beats: readonly {
    readonly at_ms: number
    readonly interval_ms: number
    readonly played_ms: number
    readonly stalled_ms: number
    readonly paused_ms: number
    readonly stalls: number
    readonly state: string
    readonly bitrate_kbps: number | null
    readonly buffer_ms: number | null
    readonly latency_ms: number | null
    readonly error: string
    readonly fatal: boolean
  }[]
  readonly interactions: readonly {
    readonly at_ms: number
    readonly action: string
    readonly outcome: string
    readonly round: string
    readonly rtt_ms: number | null
  }[]
  readonly cues: readonly {
    readonly at_ms: number
    readonly round: string
    readonly stage: string
    readonly skew_ms: number | null
  }[]
  /** The link's metrics of the stream (and the session's CDN) by metric, then by second. */
  readonly link: Partial<Readonly<Record<Metric, Readonly<Record<string, number>>>>>
  readonly step_ms: number
  readonly incidents: readonly IncidentView[]
}

/** Something that a search found. */
export interface Found {
  readonly kind: 'show' | 'stream' | 'incident' | 'session'
  /** Its name: of a stream the stream's, of an incident its id. */
  readonly id: string
  readonly show: string
  /** What an incident says. */
  readonly text_en?: string
  readonly text_zh?: string
}

/** Why a request was not answered; `code` is stable. */
export const API_ERRORS = {
  bad_request: { status: 400, help: 'A parameter is missing or cannot be read.' },
  host_not_allowed: {
    status: 421,
    help: 'The name in Host is not one of this console: set console_names or public_url.',
  },
  origin_not_allowed: {
    status: 403,
    help: 'A page of another origin asks; the console answers its own page only.',
  },
  not_signed_in: { status: 401, help: 'Sign in, or send an API token: `Authorization: Bearer …`.' },
  not_allowed: { status: 403, help: 'Your role or your tenants do not reach this.' },
  bad_json: { status: 400, help: 'The body is not JSON.' },
  bad_plan: { status: 400, help: 'A field of the plan is wrong.' },
  unknown_plan: { status: 404, help: 'Nothing is announced under this name.' },
  bad_show: { status: 400, help: 'A field of the show is wrong.' },
  not_found: { status: 404, help: 'There is no such thing, or it is past its retention.' },
  too_many: { status: 429, help: 'Too many pages look at once.' },
  store_refused: {
    status: 502,
    help: 'The store refused the console: its password is wrong, or the query failed. See what the console logs.',
  },
  internal: { status: 500, help: 'The console failed. See what it logs.' },
  store_away: { status: 503, help: 'The store does not answer; the page keeps trying.' },
} as const satisfies Readonly<Record<string, { status: number; help: string }>>

export type ApiErrorCode = keyof typeof API_ERRORS

/** A picture that a browser probe saw around an incident: `GET /api/incidents/:id/frames`. */
export interface Frame {
  readonly target: string
  readonly part: 'before' | 'in' | 'after'
  readonly at_ms: number
  /** Base64. */
  readonly jpeg: string
  /** What the probe found then; '' when all was well. */
  readonly reason: string
}
