/**
 * Every query of every board over many generated heartbeats (and what belongs to them), as Grafana asks: over HTTP, as a reader, an hour of
 * the board's time. `--rows N` (default 10 million), `--dir PATH` keeps the data and takes what is already there, `--times N`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { GRAFANA_RULES } from '../dashboards/alerts/alertRules.ts'
import { alertSql } from '../dashboards/alerts/alertSql.ts'
import { ddl } from '../schemas/derive/ddl.ts'
import { createStore } from '../store/client.ts'
import { startTestStore } from '../store/testing.ts'
import { askAsReader } from '../test/dashboards/ask.ts'
import { ALL, type Choice, expand } from '../test/dashboards/macros.ts'
import { boardQueries } from '../test/dashboards/queries.ts'
import { seed } from './panels/seed.ts'
import type { BenchOptions } from './run.ts'

const HOUR_MS = 3_600_000

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!

export async function run({ json, args }: BenchOptions): Promise<void> {
  const rows = Number(option(args, '--rows') ?? 10_000_000)
  const times = Number(option(args, '--times') ?? 5)
  const dir = option(args, '--dir')
  const test = await startTestStore({ server: { maxMemoryBytes: 5e9 }, ...(dir !== undefined && { dir }) })
  const store = createStore({
    url: test.url,
    user: test.user,
    password: test.password,
    requestTimeoutMs: 600_000,
  })
  try {
    for (const statement of ddl({ database: 'firstframe' })) await store.exec(statement)
    const count = async () =>
      (await store.query<{ n: number }>('SELECT toFloat64(count()) AS n FROM heartbeat'))[0]!.n
    if ((await count()) === 0) {
      await seed(store, {
        rows,
        end_ms: Math.floor(Date.now() / 10_000) * 10_000,
        progress: (done) => {
          if (!json)
            process.stderr.write(
              `\r${Math.round(done / 1e6)} of ${Math.round(rows / 1e6)} million heartbeats`,
            )
        },
      })
      if (!json) process.stderr.write('\n')
    }
    const present = await count()
    const { newest, session } = (
      await store.query<{ newest: number; session: string }>(
        "SELECT toFloat64(toUnixTimestamp64Milli(max(received_time))) AS newest, argMax(session, received_time) AS session FROM heartbeat WHERE stream = 'stream-0'",
      )
    )[0]!
    const choice: Choice = {
      from_ms: newest - HOUR_MS,
      to_ms: newest,
      interval_s: 10,
      variables: {
        tenant: 'demo',
        show: 'gala',
        stream: ALL,
        app: ALL,
        cdn: ALL,
        session,
        price_per_gb: '0.02',
      },
    }
    const ofSession = { ...choice, variables: { ...choice.variables, stream: 'stream-0' } }
    const queries = [
      ...boardQueries().map(({ board, name, target }) => ({
        name: `${board}: ${name}`,
        sql: expand(target.rawSql, board === 'session' ? ofSession : choice),
      })),
      ...GRAFANA_RULES.map(({ metric, rule }) => ({
        name: `alert: ${metric} ${rule.type}`,
        sql: expand(alertSql(metric, rule), choice),
      })),
    ]
    const took: { readonly name: string; readonly ms: number; readonly rows: number }[] = []
    for (const { name, sql } of queries) {
      await askAsReader(test.url, sql)
      const each: number[] = []
      let read = 0
      for (let time = 0; time < times; time += 1) {
        // a comment, so that nothing may answer from memory
        const answer = await askAsReader(test.url, `${sql}\n-- ${time}`)
        each.push(answer.elapsed_ms)
        read = answer.rows_read
        await wait(1)
      }
      took.push({
        name,
        ms: quantile(
          each.sort((a, b) => a - b),
          0.5,
        ),
        rows: read,
      })
    }
    took.sort((a, b) => b.ms - a.ms)
    const sorted = took.map(({ ms }) => ms).sort((a, b) => a - b)
    const result = {
      bench: 'panels',
      rows: present,
      queries: took.length,
      p50_ms: quantile(sorted, 0.5),
      p95_ms: quantile(sorted, 0.95),
      max_ms: sorted.at(-1)!,
      slowest: took[0]!.name,
    }
    if (json) console.log(JSON.stringify(result))
    else {
      for (const { name, ms, rows: read } of took.slice(0, 15))
        console.log(
          `${ms.toFixed(0).padStart(6)} ms  ${read.toLocaleString('en').padStart(12)} rows  ${name}`,
        )
      console.log(
        `${present.toLocaleString('en')} heartbeats, ${took.length} queries, the median of ${times} each: p50 ${result.p50_ms.toFixed(0)} ms, p95 ${result.p95_ms.toFixed(0)} ms, slowest ${result.max_ms.toFixed(0)} ms (objective: 100 and 500)`,
      )
    }
  } finally {
    await store.close()
    await test.stop()
  }
}
