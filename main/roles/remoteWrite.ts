import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import { ROLLUPS, type Rollup } from '../../schemas/rollups.ts'
import { rollupsOf } from '../../schemas/sources.ts'
import { metricSql, metricWhere } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import { type Point, type RemoteWriteTarget, sendPoints } from '../../telemetry/remoteWrite.ts'
import type { Context, Role } from '../context.ts'

const STEP_MS = 10_000
/** A window is read so long after its end: the writer inserts about once a second. */
const SETTLED_MS = 10_000
/** What a receiver that was away gets later; older windows are left out. */
const MOST_BEHIND_MS = 600_000
const MOST_ROWS = 10_000

/** Metrics that one query answers: of one rollup, and limited to the same rows. */
interface Group {
  readonly table: Rollup
  readonly where: string
  readonly names: Metric[]
}

function groupsOf(): Group[] {
  const groups = new Map<string, Group>()
  for (const name of METRIC_NAMES) {
    if (metricOf(name).by_round) continue
    const table = rollupsOf([name]).find((each) => ROLLUPS[each].step_s * 1000 === STEP_MS)
    if (table === undefined) continue
    const where = metricWhere(name)
    const group = groups.get(`${table} ${where}`) ?? { table, where, names: [] }
    groups.set(`${table} ${where}`, group)
    group.names.push(name)
  }
  return [...groups.values()]
}

/** Every metric of the catalogue by tenant, show and stream in the window of 10 s that begins at `from_ms`. */
export async function readPoints(store: Store, from_ms: number): Promise<Point[]> {
  const at_ms = from_ms + STEP_MS
  const found = await Promise.all(
    groupsOf().map(async ({ table, where, names }) => {
      const values = names.map(
        (name) => `${metricSql(name, { over: 'rollup', window_ms: STEP_MS })} AS ${name}`,
      )
      const rows = await store.query<Record<string, string | number | null>>(
        `SELECT tenant, show, stream, ${values.join(', ')} FROM ${table}
        WHERE ${where} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})
        GROUP BY tenant, show, stream ORDER BY tenant, show, stream LIMIT ${MOST_ROWS}`,
        { params: { from_ms, to_ms: at_ms } },
      )
      return rows.flatMap((row) => {
        const labels = { tenant: String(row.tenant), show: String(row.show), stream: String(row.stream) }
        return names.flatMap((name): Point[] => {
          const value = row[name]
          return value === null || value === undefined || !Number.isFinite(Number(value))
            ? []
            : [{ name: `firstframe_metric_${name}`, labels, value: Number(value), at_ms }]
        })
      })
    }),
  )
  return found.flat()
}

/** Sends each window's metrics to a receiver of Prometheus' remote write, in order; one that is away gets them later. */
export function startRemoteWrite({ emit, clock }: Context, store: Store, target: RemoteWriteTarget): Role {
  let next_ms = Math.floor(clock() / STEP_MS) * STEP_MS
  let problem: string | undefined
  let closed = false

  async function work(): Promise<void> {
    const newest_ms = Math.floor((clock() - SETTLED_MS) / STEP_MS) * STEP_MS - STEP_MS
    next_ms = Math.max(next_ms, newest_ms - MOST_BEHIND_MS)
    for (; next_ms <= newest_ms && !closed; next_ms += STEP_MS) {
      try {
        const points = await readPoints(store, next_ms)
        if (points.length > 0) await sendPoints(target, points)
        problem = undefined
      } catch (error) {
        const { message, retriable = true } = error as Error & { retriable?: boolean }
        if (problem === undefined) emit({ type: 'remote_write_failed', error: message })
        problem = message
        // What the receiver will never take is left out; the next window may be right.
        if (retriable) return
      }
    }
  }

  let running: Promise<void> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = work().finally(() => {
      busy = false
    })
  }, 1_000)
  return {
    name: 'remote_write',
    // A wall that is away is no reason to send viewers elsewhere.
    readiness: () => undefined,
    async close() {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
