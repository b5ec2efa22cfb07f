import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { type Firstframe, startFirstframe } from './firstframe.ts'
import { sqlOf } from './sql.ts'

/** Ten rounds of `kill -9`, of each process in turn, under 2,000 events a second: every answered event is there, once. */

const ROUNDS = 10
const EVENTS_PER_S = 2000
const BATCH = 40

let firstframe: Firstframe
after(() => firstframe?.dispose())

/** The store's process: the child of the one we started. */
function storePid(parent: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('store-process')) return Number(name)
    } catch {}
  }
  throw new Error('no store process')
}

async function query<T>(sql: string): Promise<T[]> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await sqlOf(firstframe)<T>(sql)
    } catch (error) {
      if (tries > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

test('kill -9 of either process loses nothing answered and doubles nothing', {
  timeout: 280_000,
}, async (context) => {
  firstframe = await startFirstframe()
  const answered = new Map<string, number>()
  let sending = true
  let number = 0

  /** A session that sends as the SDK does: the same beacon again until it is answered. */
  async function sender(): Promise<void> {
    while (sending) {
      const session = `s${(number += 1)}`
      const time = Date.now()
      const events = Array.from({ length: BATCH }, (_, index) => ({
        kind: 'heartbeat',
        seq: index + 1,
        // As after an outage: a beat each ten seconds that passed.
        time_ms: time - (BATCH - 1 - index) * 10_000,
        interval_ms: 10_000,
        played_ms: 9_000,
        stalled_ms: 1000,
      }))
      const body = JSON.stringify({ key: 'demo', context: { show: 'kill', stream: 'kill', session }, events })
      const began = performance.now()
      for (;;) {
        const answer = await fetch(`${firstframe.url}/v1/beacons`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        }).catch(() => undefined)
        await answer?.arrayBuffer().catch(() => undefined)
        if (answer?.status === 204) {
          answered.set(session, BATCH)
          // Every tenth is sent twice, as by a client that lost the answer.
          if (number % 10 === 0)
            await fetch(`${firstframe.url}/v1/beacons`, {
              method: 'POST',
              body,
              headers: { 'content-type': 'application/json' },
            }).catch(() => undefined)
          break
        }
        if (!sending && performance.now() - began > 5_000) break
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      const rest = (BATCH * SENDERS * 1000) / EVENTS_PER_S - (performance.now() - began)
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
  }
  const SENDERS = 8
  const senders = Array.from({ length: SENDERS }, sender)

  const restarts: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1200 + (round % 3) * 300))
    const began = performance.now()
    if (round % 2 === 0) {
      await firstframe.kill()
      await firstframe.start()
    } else {
      process.kill(storePid(firstframe.pid()), 'SIGKILL')
    }
    await query('SELECT 1')
    restarts.push(performance.now() - began)
  }
  sending = false
  await Promise.all(senders)

  let rows: { session: string; n: string; distinct: string }[] = []
  let rollup = 0
  const want = [...answered.values()].reduce((a, b) => a + b, 0)
  // An insert is in the raw table a moment before it is in the rollups.
  for (const until = performance.now() + 30_000; performance.now() < until; ) {
    rows = await query(
      `SELECT session, count() AS n, uniqExact(seq) AS distinct FROM firstframe.heartbeat WHERE stream = 'kill' GROUP BY session`,
    )
    const [sum] = await query<{ n: number }>(
      `SELECT sum(heartbeats_count) AS n FROM firstframe.heartbeat_10s WHERE stream = 'kill'`,
    )
    rollup = Number(sum!.n)
    const total = (of: 'n' | 'distinct') => rows.reduce((sum, each) => sum + Number(each[of]), 0)
    if (total('distinct') >= want && rollup === total('n')) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const stored = new Map(
    rows.map(({ session, n, distinct }) => [session, { n: Number(n), distinct: Number(distinct) }]),
  )
  let lost = 0
  let doubled = 0
  for (const [session, count] of answered) lost += count - (stored.get(session)?.distinct ?? 0)
  for (const { n, distinct } of stored.values()) doubled += n - distinct
  const raw = [...stored.values()].reduce((sum, { n }) => sum + n, 0)
  context.diagnostic(
    `answered ${want} events; lost ${lost}, doubled ${doubled}; restarts, ms: ${restarts.map((ms, at) => `${at % 2 === 0 ? 'all' : 'store'} ${Math.round(ms)}`).join(', ')}`,
  )
  assert.ok(want > 10_000, `enough was sent: ${want}`)
  assert.equal(lost, 0)
  assert.equal(doubled, 0)
  assert.equal(rollup, raw, 'the rollup counts what the raw table holds')
})
