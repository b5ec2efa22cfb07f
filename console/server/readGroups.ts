import { metricSql } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { GroupView, RoundView, ShowView } from '../api.ts'
import { STEP_MS } from '../windows.ts'
import { type Scope, scopeWhere } from './state.ts'

const over = (window_ms: number) => ({ over: 'rollup', window_ms }) as const
const known = <T extends object>(row: T): T =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)) as T

/** What a list shows of each stream (or app) of a scope: watching, stalls, latency, first screen. */
export async function readGroups(
  store: Store,
  scope: Scope,
  by: 'stream' | 'app',
): Promise<Record<string, GroupView>> {
  const window_ms = scope.to_ms - scope.from_ms
  const plays = scopeWhere(scope, 'heartbeat_stream_10s')
  const [rows, starts] = await Promise.all([
    store.query<{ name: string; watching: number; stall_ratio: number | null; latency_ms: number | null }>(
      `SELECT ${by} AS name, ${metricSql('concurrent_plays', over(window_ms))} AS watching, ${metricSql('rebuffering_ratio', over(window_ms))} AS stall_ratio, ${metricSql('live_latency', over(window_ms))} AS latency_ms FROM heartbeat_stream_10s WHERE ${plays.sql} AND NOT synthetic GROUP BY name ORDER BY watching DESC LIMIT 100`,
      { params: plays.params },
    ),
    store.query<{ name: string; first_screen_ms: number | null }>(
      `SELECT ${by} AS name, ${metricSql('video_startup_time', over(window_ms))} AS first_screen_ms FROM startup_10s WHERE ${plays.sql} AND NOT synthetic GROUP BY name LIMIT 100`,
      { params: plays.params },
    ),
  ])
  const groups: Record<string, GroupView> = {}
  for (const { name, ...row } of rows) if (name !== '') groups[name] = known(row) as GroupView
  for (const { name, ...row } of starts)
    if (groups[name] !== undefined) groups[name] = { ...groups[name], ...known(row) } as GroupView
  return groups
}

/** Rounds within a scope, newest 20: when, how many took part, how long the way to the screen was by app. */
export async function readRounds(store: Store, scope: Scope): Promise<Record<string, RoundView>> {
  const cues = scopeWhere(scope, 'cue_10s')
  const [shown, done] = await Promise.all([
    store.query<{
      round: string
      app: string
      from_s: number
      to_s: number
      shown: number
      production_ms: number | null
      skew_ms: number | null
    }>(
      `SELECT round, app, toUnixTimestamp(min(time)) AS from_s, toUnixTimestamp(max(time)) AS to_s, sum(cues_shown_count) AS shown, ${metricSql('cue_production_latency', over(1))} AS production_ms, sum(cue_skew_sum) / nullIf(sum(cue_skew_count), 0) AS skew_ms FROM cue_10s WHERE ${cues.sql} AND NOT synthetic AND round != '' GROUP BY round, app ORDER BY from_s DESC LIMIT 200`,
      { params: cues.params },
    ),
    store.query<{
      round: string
      from_s: number
      to_s: number
      interactions: number
      success: number | null
    }>(
      `SELECT round, toUnixTimestamp(min(time)) AS from_s, toUnixTimestamp(max(time)) AS to_s, sum(interactions_count) AS interactions, ${metricSql('interaction_success', over(1))} AS success FROM interaction_10s WHERE ${cues.sql} AND NOT synthetic AND round != '' GROUP BY round ORDER BY from_s DESC LIMIT 20`,
      { params: cues.params },
    ),
  ])
  const rounds: Record<string, RoundView> = {}
  for (const { round, from_s, to_s, ...row } of done)
    rounds[round] = {
      from_ms: from_s * 1000,
      to_ms: to_s * 1000 + STEP_MS,
      ...known(row),
      apps: {},
    } as RoundView
  for (const { round, app, from_s, to_s, ...row } of shown) {
    const at = rounds[round] ?? { from_ms: from_s * 1000, to_ms: to_s * 1000 + STEP_MS, apps: {} }
    if (rounds[round] === undefined && Object.keys(rounds).length >= 20) continue
    rounds[round] = {
      ...at,
      from_ms: Math.min(at.from_ms, from_s * 1000),
      to_ms: Math.max(at.to_ms, to_s * 1000 + STEP_MS),
      apps: { ...at.apps, [app]: known(row) as RoundView['apps'][string] },
    }
  }
  return rounds
}

/** All shows that said something in a range, with what a list shows of them; `open` is left at 0. */
export async function readShows(
  store: Store,
  { tenant, from_ms, to_ms }: { tenant: string; from_ms: number; to_ms: number },
): Promise<Record<string, ShowView>> {
  const params = { tenant, from_ms, to_ms, recent_ms: to_ms - 60_000, now_ms: to_ms - 10_000 }
  const range = (from: string) =>
    `tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({${from}:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})`
  const [seen, plays, watching, starts, steps] = await Promise.all([
    store.query<{ show: string; streams: number; data_s: number }>(
      `SELECT show, uniqExact(stream) AS streams, max(at) AS data_s FROM (
         SELECT show, stream, toUnixTimestamp(time) AS at FROM heartbeat_stream_10s WHERE ${range('from_ms')}
         UNION ALL SELECT show, stream, toUnixTimestamp(time) AS at FROM hop_10s WHERE ${range('from_ms')}
       ) WHERE show != '' GROUP BY show ORDER BY data_s DESC LIMIT 200`,
      { params },
    ),
    store.query<Record<string, number | string | null>>(
      `SELECT show, uniqExactIf(app, app != '') AS apps, ${metricSql('rebuffering_ratio', over(60_000))} AS stall_ratio, ${metricSql('live_latency', over(60_000))} AS latency_ms FROM heartbeat_stream_10s WHERE ${range('recent_ms')} AND NOT synthetic GROUP BY show`,
      { params },
    ),
    // The same ten seconds as the count in the header of the show's own page.
    store.query<{ show: string; watching: number }>(
      `SELECT show, ${metricSql('concurrent_plays', { over: 'raw', window_ms: 10_000 })} AS watching FROM heartbeat WHERE tenant = {tenant:String} AND received_time >= fromUnixTimestamp64Milli({now_ms:Int64}) AND received_time < fromUnixTimestamp64Milli({to_ms:Int64}) AND NOT synthetic GROUP BY show`,
      { params },
    ),
    store.query<Record<string, number | string | null>>(
      `SELECT show, ${metricSql('video_startup_time', over(60_000))} AS first_screen_ms FROM startup_10s WHERE ${range('recent_ms')} AND NOT synthetic GROUP BY show`,
      { params },
    ),
    store.query<{ show: string; at: number; watching: number }>(
      `SELECT show, toUnixTimestamp(time) AS at, ${metricSql('concurrent_plays', over(STEP_MS))} AS watching FROM heartbeat_stream_10s WHERE ${range('from_ms')} AND NOT synthetic GROUP BY show, at`,
      { params },
    ),
  ])
  const shows: Record<string, ShowView> = {}
  for (const { show, streams, data_s } of seen) {
    const play = plays.find((row) => row.show === show)
    const start = starts.find((row) => row.show === show)
    const series = steps.filter((row) => row.show === show).map(({ at, watching }) => [at, watching])
    shows[show] = {
      apps: 0,
      ...known({ ...play, ...start, show: undefined }),
      watching: Number(watching.find((row) => row.show === show)?.watching ?? 0),
      streams: Number(streams),
      data_ms: Math.min(to_ms, data_s * 1000 + STEP_MS),
      open: 0,
      series: Object.fromEntries(series),
    } as ShowView
  }
  return shows
}
