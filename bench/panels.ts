/**
 * Every query of every board and alert over a hundred million generated heartbeats (and what belongs to them), as Grafana asks: over
 * HTTP, as a reader, over the board's own time. The set is generated once into `.cache/bench/panels` (it goes on where it was cut off) and
 * taken again. `--rows N`, `--dir PATH`, `--times N`; `--fill` only
 * generates (`--minutes N`: for so long at most), `--clean` removes the set. A hundred million take five to eight gigabytes and, on two cores, 20 minutes.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ddl } from '../schemas/derive/ddl.ts'
import { createStore, type Store } from '../store/client.ts'
import { startTestStore } from '../store/testing.ts'
import { DEFAULT_DIR, openDataSet, removeDataSet } from './panels/dataSet.ts'
import { ask } from './panels/measure.ts'
import type { BenchOptions } from './run.ts'

/** Slowest queries that are named. */
const NAMED = 15

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!
const ascending = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b)

async function bytesOf(dir: string): Promise<number> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    files
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => stat(join(parentPath, name)).catch(() => undefined)),
  )
  return sizes.reduce((sum, each) => sum + (each?.blocks ?? 0) * 512, 0)
}

/** Waits until the engine has put together what was inserted, as it has by the time an evening is that long. */
async function settled(store: Store): Promise<void> {
  const merging = async () =>
    (await store.query<{ n: number }>('SELECT toFloat64(count()) AS n FROM system.merges'))[0]!.n
  while ((await merging()) > 0) await wait(500)
}

const entry = async <T>(store: Store, sql: string): Promise<T> =>
  (await store.query<{ value: T }>(`SELECT ${sql} LIMIT 1`))[0]!.value

export async function run({ json, args }: BenchOptions): Promise<void> {
  const rows = Number(option(args, '--rows') ?? 100_000_000)
  const times = Number(option(args, '--times') ?? 5)
  const dir = option(args, '--dir') ?? DEFAULT_DIR
  const say = (text: string) => {
    if (!json) process.stderr.write(`\r\u001b[K${text}`)
  }
  if (args.includes('--clean')) return removeDataSet(dir)
  const set = await openDataSet(dir, rows, Date.now())
  const test = await startTestStore({ dir: set.storeDir, server: { maxMemory_bytes: 5e9 } })
  const store = createStore({
    url: test.url,
    user: test.user,
    password: test.password,
    requestTimeout_ms: 600_000,
  })
  try {
    for (const statement of ddl({ database: 'firstframe' })) await store.exec(statement)
    const until = Date.now() + Number(option(args, '--minutes') ?? Number.POSITIVE_INFINITY) * 60_000
    const { done, end_ms } = await set.fill(store, {
      now_ms: Date.now(),
      enough: () => Date.now() > until,
      say: (made) => say(`${Math.round(made / 1e6)} of ${Math.round(rows / 1e6)} million heartbeats`),
    })
    say('waiting for merges')
    await settled(store)
    say('')
    if (args.includes('--fill') || done < rows) return
    const present = await entry<number>(store, 'toFloat64(count()) AS value FROM heartbeat')
    const session = await entry<string>(
      store,
      `session AS value FROM heartbeat WHERE stream = 'stream-0' AND received_time >= fromUnixTimestamp64Milli(toInt64(${end_ms - 60_000})) ORDER BY received_time DESC`,
    )
    const requested = await ask(test.url, {
      end_ms,
      session,
      times,
      say: (done, of) => say(`${done} of ${of} queries`),
    })
    say('')
    const all = ascending(requested.flatMap(({ took }) => took))
    const slowest = requested
      .map(({ name, took, rows_read }) => ({ name, ms: Math.max(...took), rows_read }))
      .sort((a, b) => b.ms - a.ms)
    const bytes = await bytesOf(dir)
    const result = {
      bench: 'panels',
      rows: present,
      queries: requested.length,
      times,
      p50_ms: quantile(all, 0.5),
      p95_ms: quantile(all, 0.95),
      max_ms: all.at(-1)!,
      disk_bytes: bytes,
      slowest: slowest.slice(0, 5),
    }
    if (json) return console.log(JSON.stringify(result))
    for (const { name, ms, rows_read } of slowest.slice(0, NAMED))
      console.log(
        `${ms.toFixed(0).padStart(6)} ms  ${rows_read.toLocaleString('en').padStart(12)} rows  ${name}`,
      )
    console.log(
      `${present.toLocaleString('en')} heartbeats (${(bytes / 1e9).toFixed(1)} GB on disk), ${requested.length} queries, each ${times} times: p50 ${result.p50_ms.toFixed(0)} ms, p95 ${result.p95_ms.toFixed(0)} ms, slowest ${result.max_ms.toFixed(0)} ms (objective: p95 100, none above 500)`,
    )
  } finally {
    await store.close()
    await test.stop()
  }
}
