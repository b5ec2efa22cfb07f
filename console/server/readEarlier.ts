import { METRIC_NAMES } from '../../schemas/metrics.ts'
import type { Store } from '../../store/client.ts'
import type { Snapshot } from '../api.ts'
import type { Axis } from '../windows.ts'
import { HEADLINES } from './health.ts'
import type { Subject } from './readShow.ts'
import { metricSeries } from './state.ts'

/** How far back the last show is looked for; a longer pause than this parts two shows of one name. */
const BACK_MS = 8 * 86_400_000
const PAUSE_MS = 30 * 60_000
const BUCKET_S = 600

/** A stretch in which a show reported. */
interface Run {
  readonly from_ms: number
  readonly to_ms: number
}

/** Stretches of reports, parted by pauses of half an hour. */
export function runsOf(buckets: readonly Run[]): Run[] {
  const runs: { from_ms: number; to_ms: number }[] = []
  for (const { from_ms, to_ms } of buckets) {
    const last = runs.at(-1)
    if (last !== undefined && from_ms - last.to_ms <= PAUSE_MS) last.to_ms = to_ms
    else runs.push({ from_ms, to_ms })
  }
  return runs
}

/** When a show was on within the last eight days, the newest last. */
export async function readRuns(
  store: Store,
  { tenant, show }: Pick<Subject, 'tenant' | 'show'>,
  now_ms: number,
): Promise<Run[]> {
  const rows = await store.query<{ from_s: number; to_s: number }>(
    `SELECT toUnixTimestamp(min(time)) AS from_s, toUnixTimestamp(max(time)) AS to_s FROM heartbeat_stream_10s WHERE tenant = {tenant:String} AND show = {show:String} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64}) GROUP BY toStartOfInterval(time, INTERVAL ${BUCKET_S} SECOND) ORDER BY from_s`,
    { params: { tenant, show, from_ms: Math.floor(now_ms - BACK_MS), to_ms: Math.floor(now_ms) } },
  )
  return runsOf(
    rows.map(({ from_s, to_s }) => ({ from_ms: Number(from_s) * 1000, to_ms: Number(to_s) * 1000 + 10_000 })),
  )
}

const METRICS = [
  'concurrent_plays',
  ...METRIC_NAMES.filter((name) => Object.values(HEADLINES).some((names) => names[0] === name)),
] as const

/**
 * The last show of the same name at the same minutes after its beginning, as a course at our times; undefined where there was none.
 * @param at_ms the end of the axis
 */
export async function readEarlier(
  store: Store,
  subject: Subject,
  runs: readonly Run[],
  at_ms: number,
  { length_ms, step_ms }: Axis,
): Promise<Snapshot['earlier']> {
  const now = runs.findLastIndex(({ from_ms }) => from_ms <= at_ms)
  const [before, current] = [runs[now - 1], runs[now]]
  if (before === undefined || current === undefined) return undefined
  const shift_ms = Math.round((current.from_ms - before.from_ms) / step_ms) * step_ms
  const end_ms = Math.floor(at_ms / step_ms) * step_ms - shift_ms
  const { times_ms, series } = await metricSeries(
    store,
    { ...subject, from_ms: end_ms - length_ms, to_ms: end_ms },
    step_ms / 1000,
    METRICS,
  )
  return {
    shift_ms,
    series: Object.fromEntries(
      Object.entries(series).map(([name, values]) => [
        name,
        Object.fromEntries(
          values.flatMap((value, index) =>
            value === null ? [] : [[String((times_ms[index]! + shift_ms) / 1000), value]],
          ),
        ),
      ]),
    ),
  }
}
