import type { Pipeline } from './pipeline.ts'

export interface Audit {
  readonly answered: number
  /** Answered and not in the store. */
  readonly lost: number
  /** In the store more than once: raw rows, and what the rollups count beyond the raw table. */
  readonly doubled: number
  readonly doubled_rollups: number
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

/** Compares what was answered with what is in the store, waiting until it is all there, or no more comes. */
export async function audit(
  { query }: Pick<Pipeline, 'query'>,
  answered: ReadonlyMap<string, number>,
  { within_ms = 90_000 }: { readonly within_ms?: number } = {},
): Promise<Audit> {
  const want = [...answered.values()].reduce((a, b) => a + b, 0)
  const began = performance.now()
  const count = async (): Promise<number> => {
    const rows = await query<{ n: string }>(
      `SELECT sum(n) AS n FROM (SELECT uniqExact(session, seq) AS n FROM heartbeat WHERE show = 'chaos' UNION ALL SELECT uniqExact(session, seq) AS n FROM hop WHERE show = 'chaos')`,
    )
    return Number(rows[0]?.n ?? 0)
  }
  while ((await count()) < want && performance.now() - began < within_ms)
    await new Promise((resolve) => setTimeout(resolve, 500))
  const caught_up_s = (performance.now() - began) / 1000
  let lost = 0
  let doubled = 0
  let raw = 0
  let excess = 0
  const found = new Map<string, Stored>()
  for (const table of ['heartbeat', 'hop']) {
    const rows = await query<Stored>(
      `SELECT session, count() AS n, uniqExact(seq) AS distinct, min(seq) AS least, max(seq) AS most FROM ${table} WHERE show = 'chaos' GROUP BY session`,
    )
    let here = 0
    for (const row of rows) {
      found.set(row.session, row)
      here += Number(row.n)
      doubled += Number(row.n) - Number(row.distinct)
    }
    raw += here
    const measure = table === 'heartbeat' ? 'heartbeats_count' : 'hop_reports_count'
    const rollups =
      table === 'heartbeat' ? ['heartbeat_10s', 'heartbeat_1m', 'heartbeat_stream_10s'] : ['hop_10s']
    for (const rollup of rollups) {
      const [sum] = await query<{ n: number }>(
        `SELECT sum(${measure}) AS n FROM ${rollup} WHERE show = 'chaos'`,
      )
      excess = Math.max(excess, Math.abs(Number(sum?.n ?? 0) - here))
    }
  }
  for (const [session, number] of answered) {
    const row = found.get(session)
    // A last beacon may be stored without having been answered, so there may be more; numbers 1 to `number` must be there.
    if (row === undefined) lost += number
    else if (Number(row.distinct) < number) lost += number - Number(row.distinct)
    else if (Number(row.least) !== 1 || Number(row.most) !== Number(row.distinct)) lost += 1
  }
  return { answered: want, lost, doubled, doubled_rollups: excess, raw, caught_up_s }
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
  { query }: Pick<Pipeline, 'query'>,
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
export const encoderIncidents = ({ query }: Pick<Pipeline, 'query'>) =>
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
