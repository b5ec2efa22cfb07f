import { GRAFANA_RULES } from '../../dashboards/alerts/alertRules.ts'
import { alertSql } from '../../dashboards/alerts/alertSql.ts'
import { boards } from '../../dashboards/boards.ts'
import { askAsReader } from '../../test/dashboards/ask.ts'
import { ALL, type Choice, expand, intervalOf } from '../../test/dashboards/macros.ts'
import { boardQueries } from '../../test/dashboards/queries.ts'

export interface Asked {
  readonly name: string
  /** Every time it was asked, ms. */
  readonly took: readonly number[]
  readonly rows_read: number
}

interface Question {
  readonly name: string
  readonly sql: (choice: Choice) => string
  /** How far the board looks back, ms. */
  readonly span_ms: number
  readonly stream: string
}

/** Points of a panel on a wide screen. */
const POINTS = 400
const REFRESH_MS = 10_000

/** `now-3h` as ms. */
function spanOf(from: string | undefined): number {
  const found = /^now-(\d+)([mh])$/.exec(from ?? '')
  if (!found) throw new Error(`a board begins at ${from}`)
  return Number(found[1]) * (found[2] === 'h' ? 3_600_000 : 60_000)
}

/** Every panel, variable and annotation over its board's own time, and every alert rule. */
function questions(): Question[] {
  const spans = new Map([...boards()].map(([name, { time }]) => [name, spanOf(time?.from)]))
  return [
    ...boardQueries().map(({ board, name, target }) => ({
      name: `${board}: ${name}`,
      sql: (choice: Choice) => expand(target.rawSql, choice),
      span_ms: spans.get(board)!,
      stream: board === 'session' ? 'stream-0' : ALL,
    })),
    ...GRAFANA_RULES.map(({ metric, rule }) => ({
      name: `alert: ${metric} ${rule.type}`,
      sql: (choice: Choice) => expand(alertSql(metric, rule), choice),
      span_ms: 3_600_000,
      stream: ALL,
    })),
  ]
}

/**
 * Asks each question once to warm up and then `times` times, each time ten seconds further on, as a board that refreshes does: no
 * answer can come from a cache of the one before.
 */
export async function ask(
  url: string,
  {
    end_ms,
    session,
    times,
    say,
  }: {
    readonly end_ms: number
    readonly session: string
    readonly times: number
    readonly say: (done: number, of: number) => void
  },
): Promise<Asked[]> {
  const requested: Asked[] = []
  const all = questions()
  for (const { name, sql, span_ms, stream } of all) {
    const took: number[] = []
    let rows_read = 0
    for (let time = 0; time <= times; time += 1) {
      const to_ms = end_ms - (times - time) * REFRESH_MS
      const answer = await askAsReader(
        url,
        sql({
          from_ms: to_ms - span_ms,
          to_ms,
          interval_s: intervalOf(span_ms, POINTS),
          variables: {
            tenant: 'demo',
            show: 'gala',
            stream,
            app: ALL,
            cdn: ALL,
            session,
            price_per_gb: '0.02',
          },
        }),
      ).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error })
      })
      if (time > 0) took.push(answer.elapsed_ms)
      rows_read = answer.rows_read
    }
    requested.push({ name, took, rows_read })
    say(requested.length, all.length)
  }
  return requested
}
