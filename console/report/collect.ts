import { CHANGE_CAUSE_MS } from '../../schemas/change.ts'
import { experienceOf } from '../../schemas/experience.ts'
import { EXPERIENCE_PART_NAMES } from '../../schemas/metrics/experience.ts'
import { ANY_METRIC_NAMES, type AnyMetric, type Metric, metricOf } from '../../schemas/metrics.ts'
import { ROLLUPS, type Rollup, type RollupSpec } from '../../schemas/rollups.ts'
import { rollupsOf } from '../../schemas/sources.ts'
import { metricSql, metricWhere } from '../../schemas/sql.ts'
import type { Rows } from './ask.ts'
import { readChanges } from './changes.ts'
import { costOf } from './cost.ts'
import type { Quality, ReportData } from './data.ts'
import { readShown } from './fairness.ts'
import { readLedger } from './ledger.ts'
import { readOrders } from './orders.ts'

export interface Scope {
  readonly tenant: string
  readonly show: string
  readonly from_ms: number
  readonly to_ms: number
}

const WHERE =
  'tenant = {tenant:String} AND show = {show:String} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})'

const spec = (name: Rollup): RollupSpec => ROLLUPS[name]

/** A report reads the session's clock where a rollup keeps it, else the collector's. */
const sourceOf = (metric: AnyMetric): Rollup =>
  rollupsOf([metric]).sort(
    (a, b) =>
      Number(spec(a).clock === 'received_time') - Number(spec(b).clock === 'received_time') ||
      spec(a).step_s - spec(b).step_s,
  )[0]!

/**
 * What compares apps with one another says nothing as one number: the section on fairness has it. The parts of the experience score
 * have a section too.
 */
export const isJudged = (name: AnyMetric): boolean => {
  const { objective, factors, rules = [] } = metricOf(name)
  return objective !== undefined && factors === undefined && !rules.some(({ type }) => type === 'spread')
}

/** Every metric that has an objective: its value, and in how many minutes it was met. */
async function quality(rows: Rows, scope: Scope, params: Record<string, string>): Promise<Quality[]> {
  const requested = ANY_METRIC_NAMES.filter(isJudged)
  return Promise.all(
    requested.map(async (name) => {
      const { objective, better } = metricOf(name)
      const source = sourceOf(name)
      const sql = (window_ms: number) => metricSql(name, { over: 'rollup', window_ms })
      const from = `FROM ${source} WHERE ${WHERE} AND ${metricWhere(name)}`
      const met = better === 'lower' ? `v <= ${objective}` : `v >= ${objective}`
      const [whole] = await rows<{ v: number | null }>(
        `SELECT ${sql(scope.to_ms - scope.from_ms)} AS v ${from}`,
        params,
      )
      const [minutes] = await rows<{ all: number; met: number }>(
        `SELECT toFloat64(countIf(v IS NOT NULL)) AS all, toFloat64(countIf(${met})) AS met FROM (SELECT toStartOfMinute(time) AS m, ${sql(60_000)} AS v ${from} GROUP BY m)`,
        params,
      )
      return {
        metric: name,
        value: whole?.v ?? null,
        objective: objective!,
        minutes: minutes?.all ?? 0,
        minutes_met: minutes?.met ?? 0,
        clock: spec(source).clock,
      }
    }),
  )
}

type Incident = ReportData['incidents'][number]

/** The incidents that began within the scope, with what each cost. */
async function incidentsOf(
  rows: Rows,
  scope: Scope,
  params: Record<string, string>,
): Promise<readonly Incident[]> {
  const listed = await rows<Omit<Incident, 'cause'> & { cause: string; baseline: number }>(
    `SELECT id, show, stream, cause, severity, hop, metric, state, summary_en, summary_zh, viewers, baseline, toFloat64(toUnixTimestamp64Milli(began_time)) AS began_ms,
     toFloat64(toUnixTimestamp64Milli(opened_time)) AS opened_ms, toFloat64(toUnixTimestamp64Milli(resolved_time)) AS resolved_ms,
     if(state = 'open', {to_ms:Int64} * 1.0, toFloat64(toUnixTimestamp64Milli(resolved_time))) AS ended_ms
     FROM incident FINAL WHERE tenant = {tenant:String} AND show = {show:String} AND toUnixTimestamp64Milli(began_time) >= {from_ms:Int64} AND toUnixTimestamp64Milli(began_time) < {to_ms:Int64} ORDER BY began_time`,
    params,
  )
  return Promise.all(
    listed.map(async ({ cause: text, baseline, ...incident }) => {
      const cause = JSON.parse(text || '{}') as Incident['cause']
      return {
        ...incident,
        cause,
        viewer_minutes: await costOf(rows, { ...incident, tenant: scope.tenant, cause, baseline }),
      }
    }),
  )
}

/** The worst cuts that are named. */
const WORST_CUTS = 6
/** Share of the hours watched below which a cut says nothing about the show. */
const LEAST_SHARE = 0.01

/** The experience score of the show's metrics, and of the values of each dimension. */
async function readExperience(rows: Rows, real: string, params: Record<string, string>) {
  const factors = EXPERIENCE_PART_NAMES.flatMap((part) =>
    metricOf(part)
      .factors!.flat()
      .map(({ of }) => of as Metric),
  )
  const score = metricSql('experience_score', { over: 'rollup' })
  const [[whole], cuts] = await Promise.all([
    rows<Record<Metric, number | null>>(
      `SELECT ${factors.map((name) => `${ratio(name)} AS ${name}`).join(', ')} FROM experience_1m WHERE ${real}`,
      params,
    ),
    rows<ReportData['experience_cuts'][number]>(
      `SELECT * FROM (${(['app', 'cdn', 'isp', 'region'] as const)
        .map(
          (dimension) =>
            `SELECT '${dimension}' AS dimension, ${dimension} AS value, ${score} AS score, sum(played_ms_sum) / 3600000 AS hours FROM experience_1m WHERE ${real} AND ${dimension} != '' GROUP BY value`,
        )
        .join(
          ' UNION ALL ',
        )}) WHERE isNotNull(score) AND hours > 0 ORDER BY score, dimension, value LIMIT 100`,
      params,
    ),
  ])
  const most = cuts.reduce((sum, { dimension, hours }) => sum + (dimension === 'cdn' ? hours : 0), 0)
  return {
    experience: experienceOf(whole!),
    experience_cuts: cuts.filter(({ hours }) => hours >= most * LEAST_SHARE).slice(0, WORST_CUTS),
  }
}

const ratio = (name: Metric) => metricSql(name, { over: 'rollup' })

/** The rounds: who took part, of those who watched in its minutes. */
async function readRounds(
  rows: Rows,
  real: string,
  params: Record<string, string>,
): Promise<ReportData['rounds']> {
  const found = `SELECT round, min(time) AS began, max(time) AS ended, toFloat64(toUnixTimestamp(began)) * 1000 AS began_ms, toFloat64(uniqCombined64Merge(participants_uniq)) AS took_part, sum(interactions_count) AS interactions, ${ratio('interaction_success')} AS success, ${ratio('interaction_latency')} AS round_trip_ms
       FROM interaction_1m WHERE ${real} AND round != '' GROUP BY round ORDER BY began, round LIMIT 200`
  const [rounds, audiences] = await Promise.all([
    rows<Omit<ReportData['rounds'][number], 'watched'>>(
      `SELECT round, began_ms, took_part, interactions, success, round_trip_ms FROM (${found})`,
      params,
    ),
    rows<{ round: string; watched: number }>(
      `SELECT round, toFloat64(uniqCombined64Merge(viewers)) AS watched
       FROM (SELECT time, uniqCombined64MergeState(viewers_uniq) AS viewers FROM heartbeat_1m WHERE ${real} GROUP BY time) AS minutes
       CROSS JOIN (${found}) AS rounds WHERE minutes.time >= rounds.began AND minutes.time <= rounds.ended GROUP BY round`,
      params,
    ),
  ])
  const watched = new Map(audiences.map((each) => [each.round, each.watched]))
  return rounds.map((each) => ({ ...each, watched: watched.get(each.round) ?? 0 }))
}

/** Everything the report says, by a handful of queries over rollups. */
export async function collect(rows: Rows, scope: Scope): Promise<ReportData> {
  const params = {
    tenant: scope.tenant,
    show: scope.show,
    from_ms: String(scope.from_ms),
    to_ms: String(scope.to_ms),
  }
  const real = `${WHERE} AND NOT synthetic`
  const by = (dimension: string) =>
    rows<ReportData['worst']['cdn'][number]>(
      `SELECT ${dimension} AS value, ${ratio('rebuffering_ratio')} AS stall_ratio, sum(stalled_ms_sum) / 60000 AS stalled_minutes, sum(watched_ms_sum) / 60000 AS minutes
       FROM heartbeat_1m WHERE ${real} AND ${dimension} != '' GROUP BY value HAVING minutes > 0 ORDER BY stalled_minutes DESC LIMIT 5`,
      params,
    )
  const [
    audience,
    minutes,
    incidents,
    rounds,
    apps,
    codecs,
    cdn,
    isp,
    region,
    checked,
    shown,
    experience,
    ledger,
    orders,
    changes,
  ] = await Promise.all([
    rows<Omit<ReportData['audience'], 'peak' | 'peak_ms' | 'apps'>>(
      `SELECT toFloat64(uniqCombined64Merge(viewers_uniq)) AS viewers, toFloat64(uniqCombined64Merge(sessions_uniq)) AS sessions, sum(played_ms_sum) / 3600000 AS hours,
       sum(bytes_sum) AS bytes, sum(bytes_p2p_sum) AS bytes_p2p, sum(bytes_reference_sum) - sum(bytes_compared_sum) AS bytes_saved, ${ratio('bandwidth_saved')} AS saved
       FROM heartbeat_1m WHERE ${real}`,
      params,
    ),
    rows<ReportData['minutes'][number]>(
      `SELECT toFloat64(toUnixTimestamp(time)) * 1000 AS at_ms, ${metricSql('concurrent_plays', { over: 'rollup', window_ms: 60_000 })} AS watching, ${ratio('rebuffering_ratio')} AS stall_ratio
       FROM heartbeat_1m WHERE ${real} GROUP BY time ORDER BY time`,
      params,
    ),
    incidentsOf(rows, scope, params),
    readRounds(rows, real, params),
    rows<ReportData['apps'][number]>(
      `SELECT app, toFloat64(uniqCombined64Merge(viewers_uniq)) AS viewers, sum(played_ms_sum) / 3600000 AS hours, ${ratio('live_latency')} AS latency_ms, ${ratio('rebuffering_ratio')} AS stall_ratio
       FROM heartbeat_1m WHERE ${real} GROUP BY app ORDER BY viewers DESC LIMIT 50`,
      params,
    ),
    rows<ReportData['codecs'][number]>(
      `SELECT codec, sum(bytes_sum) AS bytes, sum(bytes_reference_sum) AS reference, ${ratio('bandwidth_saved')} AS saved FROM heartbeat_1m WHERE ${real} AND codec != '' GROUP BY codec ORDER BY bytes DESC`,
      params,
    ),
    by('cdn'),
    by('isp'),
    by('region'),
    quality(rows, scope, params),
    readShown(rows, real.replaceAll(' time ', ' event_time '), params),
    readExperience(rows, real, params),
    readLedger(rows, real, params),
    readOrders(rows, real, params, scope),
    readChanges(rows, { ...scope, from_ms: scope.from_ms - CHANGE_CAUSE_MS }),
  ])
  const peak = minutes.reduce((best, each) => (each.watching > best.watching ? each : best), {
    at_ms: scope.from_ms,
    watching: 0,
  })
  return {
    ...scope,
    audience: { ...audience[0]!, peak: peak.watching, peak_ms: peak.at_ms },
    minutes,
    ...experience,
    quality: checked,
    incidents,
    changes,
    rounds,
    ledger,
    orders,
    shown,
    apps,
    codecs,
    worst: { cdn, isp, region },
  }
}
