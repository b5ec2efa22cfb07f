import type { Pipeline } from './pipeline.ts'

export interface Audit {
  readonly answered: number
  /** Answered and not in the store. */
  readonly lost: number
  /** Raw rows in the store more than once. */
  readonly doubled: number
  /** By how many the rollup that is furthest off differs from the raw table, either way. */
  readonly doubled_rollups: number
  /** Rollup's count less the raw table's, by rollup. */
  readonly differences: Readonly<Record<string, number>>
  readonly raw: number
  /** How long it took until everything answered was there, s. */
  readonly caught_up_s: number
}

interface Stored {
  readonly session: string
  readonly n: string
  readonly distinct: string
  readonly least: string
  readonly most: string
}

const ROLLUPS_OF = {
  heartbeat: {
    measure: 'heartbeats_count',
    rollups: ['heartbeat_10s', 'heartbeat_1m', 'heartbeat_stream_10s'],
  },
  hop: { measure: 'hop_reports_count', rollups: ['hop_10s'] },
} as const

type Query = Pick<Pipeline, 'query'>

/** Rows of the raw table, and by how many each rollup differs from it. An insert is in the raw table a moment before the views. */
async function countRollups({ query }: Query): Promise<Record<string, number>> {
  const differences: Record<string, number> = {}
  for (const [table, { measure, rollups }] of Object.entries(ROLLUPS_OF)) {
    const [raw] = await query<{ n: string }>(`SELECT count() AS n FROM ${table} WHERE show = 'chaos'`)
    for (const rollup of rollups) {
      const [sum] = await query<{ n: string }>(
        `SELECT sum(${measure}) AS n FROM ${rollup} WHERE show = 'chaos'`,
      )
      differences[rollup] = Number(sum?.n ?? 0) - Number(raw?.n ?? 0)
    }
  }
  return differences
}

/** Until a figure is right, or it is too late; the last one it was. */
async function settled<T>(read: () => Promise<T>, right: (value: T) => boolean, end: number): Promise<T> {
  for (;;) {
    const value = await read()
    if (right(value) || performance.now() > end) return value
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Compares what was answered with what is in the store, waiting until it is all there, or it is too late. */
export async function audit(
  { query }: Query,
  answered: ReadonlyMap<string, number>,
  { within_ms = 90_000 }: { readonly within_ms?: number } = {},
): Promise<Audit> {
  const want = [...answered.values()].reduce((a, b) => a + b, 0)
  const began = performance.now()
  const distinct = async (): Promise<number> => {
    const rows = await query<{ n: string }>(
      `SELECT sum(n) AS n FROM (SELECT uniqExact(session, seq) AS n FROM heartbeat WHERE show = 'chaos' UNION ALL SELECT uniqExact(session, seq) AS n FROM hop WHERE show = 'chaos')`,
    )
    return Number(rows[0]?.n ?? 0)
  }
  await settled(distinct, (count) => count >= want, began + within_ms)
  const caught_up_s = (performance.now() - began) / 1000
  const differences = await settled(
    () => countRollups({ query }),
    (all) => Object.values(all).every((difference) => difference === 0),
    performance.now() + 20_000,
  )
  let lost = 0
  let doubled = 0
  let raw = 0
  const found = new Map<string, Stored>()
  for (const table of Object.keys(ROLLUPS_OF)) {
    const rows = await query<Stored>(
      `SELECT session, count() AS n, uniqExact(seq) AS distinct, min(seq) AS least, max(seq) AS most FROM ${table} WHERE show = 'chaos' GROUP BY session`,
    )
    for (const row of rows) {
      found.set(row.session, row)
      raw += Number(row.n)
      doubled += Number(row.n) - Number(row.distinct)
    }
  }
  for (const [session, number] of answered) {
    const row = found.get(session)
    // A last beacon may be stored without having been answered, so there may be more; numbers 1 to `number` must be there.
    if (row === undefined) lost += number
    else if (Number(row.distinct) < number) lost += number - Number(row.distinct)
    else if (Number(row.least) !== 1 || Number(row.most) !== Number(row.distinct)) lost += 1
  }
  const doubled_rollups = Math.max(...Object.values(differences).map(Math.abs))
  return { answered: want, lost, doubled, doubled_rollups, differences, raw, caught_up_s }
}

export interface SessionLoss {
  /** Which session, counted from 1 in the order they began. */
  readonly number: number
  readonly answered: number
  readonly lost: number
  readonly doubled: number
}

/** The same by session of players, so that a loss is laid at the fault it fell into. */
export async function lossBySession(
  { query }: Query,
  answered: ReadonlyMap<string, number>,
): Promise<SessionLoss[]> {
  const rows = await query<{ session: string; n: string; distinct: string }>(
    `SELECT session, count() AS n, uniqExact(seq) AS distinct FROM heartbeat WHERE show = 'chaos' GROUP BY session`,
  )
  const stored = new Map(rows.map((row) => [row.session, row]))
  return [...answered]
    .filter(([session]) => /^[a-z]+-\d+$/.test(session))
    .map(([session, count]) => {
      const { n, distinct } = stored.get(session) ?? { n: '0', distinct: '0' }
      return {
        number: Number(session.split('-')[1]),
        answered: count,
        lost: Math.max(0, count - Number(distinct)),
        doubled: Number(n) - Number(distinct),
      }
    })
}

/** Incidents of a stream's encoder, one row an incident. */
export const encoderIncidents = ({ query }: Query) =>
  query<{
    id: string
    stream: string
    state: string
    rule: string
    hop: string
    metric: string
    opened: string
    cause: string
  }>(
    `SELECT id, stream, state, rule, hop, metric, toString(opened_time) AS opened, cause FROM incident FINAL WHERE show = 'chaos' ORDER BY opened_time`,
  )

/** When an encoder was not heard for longer than three seconds, by the collectors' clocks: what an absence should be laid at. */
export async function encoderSilences({ query }: Query): Promise<ReadonlyMap<string, string[]>> {
  const rows = await query<{ stream: string; from: string; until: string; before: string; after: string }>(
    `SELECT stream, toString(a) AS from, toString(b) AS until, ca AS before, cb AS after FROM (
       SELECT stream, lagInFrame(received_time) OVER w AS a, received_time AS b, lagInFrame(toString(collector)) OVER w AS ca, toString(collector) AS cb
       FROM hop WHERE show = 'chaos' WINDOW w AS (PARTITION BY stream ORDER BY received_time, seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))
     WHERE toYear(a) > 1970 AND b - a > 3 ORDER BY a`,
  )
  const silences = new Map<string, string[]>()
  for (const { stream, from, until, before, after } of rows)
    silences.set(stream, [...(silences.get(stream) ?? []), `${from} (${before}) – ${until} (${after})`])
  return silences
}
