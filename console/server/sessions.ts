import { experienceOf } from '../../schemas/experience.ts'
import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import { EXPERIENCE_PART_NAMES } from '../../schemas/metrics/experience.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { kindOfMetric, metricSql, metricWhere, REAL_ROWS } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { SessionRow, SessionView } from '../api.ts'
import type { Incidents } from './incidents.ts'
import { type Scope, scopeWhere } from './state.ts'

/** Dimensions by which affected sessions can be asked for. */
export const SESSION_FILTERS = [
  'cdn',
  'edge',
  'isp',
  'country',
  'region',
  'network',
  'device',
  'os',
  'container',
  'component',
  'component_version',
  'player',
  'player_version',
  'protocol',
  'codec',
  'rendition',
  'delivery',
] as const
export type SessionFilter = Partial<Record<(typeof SESSION_FILTERS)[number], string>>

const DAY_MS = 86_400_000
const stamp = (field: string): string => `toUnixTimestamp64Milli(${field})`

/** Sessions of a scope, those that suffered most first. */
export async function readSessions(
  store: Store,
  scope: Scope,
  filter: SessionFilter,
  limit: number,
): Promise<SessionRow[]> {
  const { sql, params } = scopeWhere(scope, 'heartbeat')
  const chosen = Object.entries(filter)
  const more = chosen.map(([name]) => ` AND ${name} = {f_${name}:String}`).join('')
  return store.query<SessionRow>(
    `SELECT session, any(h.show) AS show, any(h.stream) AS stream, any(h.app) AS app, any(h.cdn) AS cdn, any(h.isp) AS isp, any(h.region) AS region, any(h.device) AS device,
       ${stamp('min(received_time)')} AS first_ms, ${stamp('max(received_time)')} AS last_ms,
       toUInt32(sum(h.stalled_ms)) AS stalled_ms, toUInt32(sum(stall_count)) AS stalls, toUInt32(countIf(error_fatal)) AS failures,
       avg(live_latency_ms) AS latency_ms, avg(nullIf(h.bitrate_kbps, 0)) AS bitrate_kbps
     FROM (SELECT * FROM heartbeat WHERE ${sql}${more} AND NOT synthetic AND ${REAL_ROWS}) AS h GROUP BY session
     ORDER BY failures DESC, stalled_ms DESC, session LIMIT ${limit}`,
    { params: { ...params, ...Object.fromEntries(chosen.map(([name, value]) => [`f_${name}`, value])) } },
  )
}

type Row = Record<string, string | number | boolean | null>
/** What a session's page says of it. */
const ABOUT = [...SESSION_FILTERS.filter((name) => name !== 'rendition' && name !== 'delivery'), 'source']
const LINK_METRICS: readonly Metric[] = [
  'encoder_fps',
  'ingest_bitrate',
  'transcode_speed',
  'origin_ttfb',
  'edge_ttfb',
]

/** What the experience score is made of, by kind. */
const SCORED = (['startup', 'heartbeat', 'interaction'] as const).map((kind) => ({
  kind,
  metrics: EXPERIENCE_PART_NAMES.flatMap((part) =>
    metricOf(part)
      .factors!.flat()
      .map(({ of }) => of as Metric),
  ).filter((metric) => kindOfMetric(metric) === kind),
}))

/** The experience score of one session; `own` is the condition on its rows. */
async function readExperience(
  store: Store,
  own: string,
  params: Readonly<Record<string, unknown>>,
): Promise<SessionView['experience']> {
  const rows = await Promise.all(
    SCORED.map(({ kind, metrics }) =>
      store.query<Record<string, number | null>>(
        `SELECT ${metrics.map((name) => `${metricSql(name, { over: 'raw' })} AS ${name}`).join(', ')} FROM ${kind} WHERE ${own}`,
        { params },
      ),
    ),
  )
  return experienceOf(Object.assign({}, ...rows.flat()))
}

const number = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value)

/** One session's whole timeline with the link's reports under it; undefined when nobody knows it. */
export async function readSession(
  { store, incidents }: { readonly store: Store; readonly incidents: Incidents },
  {
    tenant,
    session,
    now_ms,
    around_ms,
  }: { tenant: string; session: string; now_ms: number; around_ms: number | undefined },
): Promise<SessionView | undefined> {
  const to = around_ms === undefined ? now_ms : Math.min(now_ms, around_ms + DAY_MS / 4)
  const from = around_ms === undefined ? now_ms - DAY_MS : around_ms - DAY_MS / 4
  const params = { tenant, session, from: Math.floor(from), to: Math.floor(to) + 1 }
  const own = `tenant = {tenant:String} AND session = {session:String} AND received_time >= fromUnixTimestamp64Milli({from:Int64}) AND received_time < fromUnixTimestamp64Milli({to:Int64})`
  const [beats, starts, interactions, cues, experience] = await Promise.all([
    store.query<Row>(
      `SELECT show, stream, ${ABOUT.join(', ')}, ${stamp('received_time')} AS at_ms, interval_ms, played_ms, stalled_ms, paused_ms, stall_count, state, bitrate_kbps, buffer_ms, live_latency_ms, error_code, error_fatal FROM heartbeat WHERE ${own} ORDER BY at_ms, seq LIMIT 5000`,
      { params },
    ),
    store.query<Row>(
      `SELECT show, stream, ${ABOUT.join(', ')}, ${stamp('received_time')} AS at_ms, outcome, video_startup_time_ms, ${STARTUP_PHASES.join(', ')}, error_code FROM startup WHERE ${own} ORDER BY at_ms LIMIT 1`,
      { params },
    ),
    store.query<Row>(
      `SELECT ${stamp('received_time')} AS at_ms, action, outcome, round, rtt_ms FROM interaction WHERE ${own} ORDER BY at_ms LIMIT 1000`,
      { params },
    ),
    store.query<Row>(
      `SELECT ${stamp('received_time')} AS at_ms, round, stage, skew_ms FROM cue WHERE ${own} ORDER BY at_ms LIMIT 200`,
      { params },
    ),
    readExperience(store, own, params),
  ])
  const first = starts[0] ?? beats[0]
  if (first === undefined) return undefined
  const began = Math.min(
    Number(first.at_ms) - Number(starts[0]?.video_startup_time_ms ?? 0),
    ...beats.slice(0, 1).map((beat) => Number(beat.at_ms) - Number(beat.interval_ms)),
  )
  const ended = Math.max(
    Number(first.at_ms),
    Number(beats.at(-1)?.at_ms ?? 0),
    Number(interactions.at(-1)?.at_ms ?? 0),
  )
  const [from_ms, to_ms] = [
    Math.floor((began - 10_000) / 1000) * 1000,
    Math.ceil((ended + 10_000) / 1000) * 1000,
  ]
  const [show, stream] = [String(first.show), String(first.stream)]
  const step_s = Math.max(1, Math.ceil((to_ms - from_ms) / 600_000))
  const [link, listed] = await Promise.all([
    readLink(
      store,
      { tenant, show, stream, from_ms, to_ms },
      String(first.cdn),
      String(first.region),
      step_s,
    ),
    incidents.list({ tenant, show, from_ms, to_ms }),
  ])
  const start = starts[0]
  return {
    clock: 'received_time',
    session,
    tenant,
    show,
    stream,
    about: Object.fromEntries(
      ABOUT.map((name) => [name, String(first[name] ?? '')]).filter(([, value]) => value !== ''),
    ),
    from_ms,
    to_ms,
    experience,
    ...(start === undefined
      ? {}
      : {
          startup: {
            at_ms: Number(start.at_ms),
            outcome: String(start.outcome),
            first_screen_ms: number(start.video_startup_time_ms),
            phases: Object.fromEntries(
              STARTUP_PHASES.filter((phase) => start[phase] !== null).map((phase) => [
                phase,
                Number(start[phase]),
              ]),
            ),
            error: String(start.error_code ?? ''),
          },
        }),
    beats: beats.map((beat) => ({
      at_ms: Number(beat.at_ms),
      interval_ms: Number(beat.interval_ms),
      played_ms: Number(beat.played_ms),
      stalled_ms: Number(beat.stalled_ms),
      paused_ms: Number(beat.paused_ms),
      stalls: Number(beat.stall_count),
      state: String(beat.state),
      bitrate_kbps: number(beat.bitrate_kbps) || null,
      buffer_ms: number(beat.buffer_ms),
      latency_ms: number(beat.live_latency_ms),
      error: String(beat.error_code ?? ''),
      fatal: Boolean(beat.error_fatal),
    })),
    interactions: interactions.map((row) => ({
      at_ms: Number(row.at_ms),
      action: String(row.action),
      outcome: String(row.outcome),
      round: String(row.round),
      rtt_ms: number(row.rtt_ms),
    })),
    cues: cues.map((row) => ({
      at_ms: Number(row.at_ms),
      round: String(row.round),
      stage: String(row.stage),
      skew_ms: number(row.skew_ms),
    })),
    link,
    step_ms: step_s * 1000,
    // Those that name this viewer: nobody is shown the trouble of others.
    incidents: listed.filter(
      (incident) =>
        (incident.stream === '' || incident.stream === stream) &&
        Object.entries(incident.cause).every(
          ([name, value]) => !(name in first) || String(first[name]) === '' || String(first[name]) === value,
        ),
    ),
  }
}

/** What the hops of a stream said, second by second; the edge's of the session's own CDN and place. */
async function readLink(
  store: Store,
  scope: Scope,
  cdn: string,
  region: string,
  step_s: number,
): Promise<SessionView['link']> {
  const link: Partial<Record<Metric, Record<string, number>>> = {}
  const { sql, params } = scopeWhere(scope, 'hop')
  await Promise.all(
    LINK_METRICS.map(async (metric) => {
      const behind =
        metric.startsWith('edge') && cdn !== ''
          ? " AND cdn = {cdn:String} AND region IN ('', {region:String})"
          : ''
      const rows = await store.query<{ at: number; value: number | null }>(
        `SELECT toUnixTimestamp(toStartOfInterval(received_time, INTERVAL ${step_s} SECOND)) AS at, ${metricSql(metric, { over: 'raw' })} AS value FROM hop WHERE ${sql} AND ${metricWhere(metric)}${behind} GROUP BY at ORDER BY at`,
        { params: { ...params, ...(behind === '' ? {} : { cdn, region }) } },
      )
      const points = rows.filter(({ value }) => value !== null).map(({ at, value }) => [String(at), value])
      if (points.length > 0) link[metric] = Object.fromEntries(points)
    }),
  )
  return Object.fromEntries(
    LINK_METRICS.filter((metric) => link[metric] !== undefined).map((metric) => [metric, link[metric]]),
  ) as SessionView['link']
}
