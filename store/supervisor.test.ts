import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import type { Fact } from '../schemas/facts.ts'
import { StoreError } from './storeError.ts'
import { superviseStore } from './supervisor.ts'
import { STORE_COMMAND, startTestStore, type TestStore } from './testing.ts'

let it: TestStore
const facts: Fact[] = []
before(async () => {
  it = await startTestStore({ emit: (fact) => facts.push(fact) })
})
after(() => it.stop())

const bounded = () => AbortSignal.timeout(60_000)

function kill(pid: number | undefined): void {
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
}

test('kill -9 under writing: no acknowledged batch is lost, none is doubled, views agree', async (t) => {
  await it.store.exec(
    'CREATE TABLE raw (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
  )
  await it.store.exec(
    'CREATE TABLE sums (batch UInt32, rows SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY batch SETTINGS non_replicated_deduplication_window = 1000',
  )
  await it.store.exec(
    'CREATE MATERIALIZED VIEW raw_sums TO sums AS SELECT batch, count() AS rows FROM raw GROUP BY batch',
  )
  const rows = 1000
  const { url } = it
  const starts: number[] = []
  let acknowledged = 0
  let retried = 0
  const deaths = 4
  const writing = (async () => {
    for (let batch = 0; starts.length < deaths || batch < 20; batch++) {
      const n = Uint32Array.from({ length: rows }, (_, i) => batch * rows + i)
      const bytes = tableToIPC(tableFromArrays({ batch: new Uint32Array(rows).fill(batch), n }), 'stream')
      for (;;) {
        try {
          await it.store.insertArrow({
            table: 'raw',
            columns: ['batch', 'n'],
            chunks: [bytes],
            token: `raw:0:${batch}`,
          })
          acknowledged++
          break
        } catch (error) {
          assert.ok(error instanceof StoreError && error.retriable, String(error))
          retried++
          await it.supervisor.whenReady(bounded())
        }
      }
    }
  })()
  for (let death = 0; death < deaths; death++) {
    const target = acknowledged + 4 + death
    while (acknowledged < target) await new Promise((resolve) => setTimeout(resolve, 1))
    kill(it.supervisor.pid)
    while (it.supervisor.ready) await new Promise((resolve) => setTimeout(resolve, 1))
    await it.supervisor.whenReady(bounded())
    starts.push(Math.round(it.supervisor.start_ms))
  }
  await writing
  const [found] = await it.store.query<{ rows: number; distinct: number; rolled: number }>(
    'SELECT count() AS rows, uniqExact(n) AS distinct, (SELECT sum(rows) FROM sums) AS rolled FROM raw',
  )
  const expected = acknowledged * rows
  assert.deepEqual(found, { rows: expected, distinct: expected, rolled: expected })
  assert.equal(it.url, url, 'the address stays')
  assert.ok(retried > 0, 'a write was under way when it died')
  t.diagnostic(`${acknowledged} batches, ${retried} tried again, restarts took ${starts.join(', ')} ms`)
  assert.equal(facts.filter(({ type }) => type === 'store_died').length, deaths)
})

test('a second process on the same directory is refused, and says so', async () => {
  await assert.rejects(startTestStore({ dir: it.dir }), /the store did not start: .*(lock|another)/i)
})

test('what cannot be started at all is an error, not an endless try', async () => {
  const store = { dir: join(it.dir, 'other'), host: '127.0.0.1', port: 0, users: [] }
  const common = { env: process.env, store, emit: () => undefined, clock: () => performance.now() }
  await assert.rejects(superviseStore({ ...common, command: ['/no/such/program'] }), /ENOENT/)
  await assert.rejects(
    superviseStore({ ...common, command: [process.execPath, '-e', 'process.exit(3)'] }),
    /exit code 3/,
  )
  const port = Number(new URL(it.url).port)
  await assert.rejects(
    superviseStore({ ...common, store: { ...store, port }, command: STORE_COMMAND }),
    /EADDRINUSE/,
  )
})

test('a store that hangs is ended and started again', async () => {
  const facts: Fact[] = []
  const hung = await startTestStore({ hung_ms: 1_500, emit: (fact) => facts.push(fact) })
  try {
    const { pid } = hung.supervisor
    assert.ok(pid)
    process.kill(pid, 'SIGSTOP')
    while (hung.supervisor.ready) await new Promise((resolve) => setTimeout(resolve, 10))
    await hung.supervisor.whenReady(bounded())
    assert.match(String(facts.find(({ type }) => type === 'store_died')?.cause), /did not answer for 1500 ms/)
    assert.ok(await hung.store.ping())
  } finally {
    await hung.stop()
  }
})

test('when its parent is killed the store ends, too, and the directory is free', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firstframe-orphan-'))
  const parent = fileURLToPath(new URL('../test/storeParent.ts', import.meta.url))
  assert.ok(dirname(parent).endsWith('test'))
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', parent, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())))
    child.once('exit', () => reject(new Error('the parent ended early')))
  })
  assert.doesNotThrow(() => process.kill(pid, 0))
  child.kill('SIGKILL')
  const deadline = performance.now() + 60_000
  while (alive(pid)) {
    assert.ok(performance.now() < deadline, 'the store outlived its parent')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const again = await startTestStore({ dir })
  await again.stop()
  await rm(dir, { recursive: true })
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
