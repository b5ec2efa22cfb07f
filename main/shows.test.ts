import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SERVER_KEY, startTestCollector } from '../collector/testing.ts'
import { showKey } from '../schemas/show.ts'
import { declaredShows } from './shows.ts'

/** A registry in memory: what `put` says, its followers hear. */
function registry() {
  const values = new Map<string, string>()
  const followers = new Set<(key: string, value: string | undefined) => void>()
  return {
    values,
    put: async (key: string, value: string | null) => {
      if (value === null) values.delete(key)
      else values.set(key, value)
      for (const follower of followers) follower(key, value ?? undefined)
    },
    onChange: (follower: (key: string, value: string | undefined) => void) => {
      followers.add(follower)
      return () => void followers.delete(follower)
    },
    close: async () => undefined,
  }
}

test('the artificial delay of a show is taken off the latency of its facts, by whomever they are reported', async () => {
  const map = registry()
  const declare = (show: string, delay_ms?: number) =>
    map.put(showKey({ show }), JSON.stringify({ show, streams: [{ stream: `${show}-main` }], delay_ms }))
  await declare('gala', 60_000)
  await declare('direct')
  const it = await startTestCollector(declaredShows(map))
  const beat = { kind: 'heartbeat', interval_ms: 10_000 }
  const send = (context: object, ...latencies: (number | null)[]) =>
    it.post({ context, events: latencies.map((live_latency_ms) => ({ ...beat, live_latency_ms })) })
  await send({ session: 'by-show', show: 'gala', stream: 'x' }, 61_000, 0, 59_000, null)
  await send({ session: 'by-stream', stream: 'gala-main' }, 61_500)
  await send({ session: 'other-show', show: 'direct', stream: 'direct-main' }, 61_000)
  await it.post({
    key: SERVER_KEY,
    context: { show: 'gala', stream: 'gala-main' },
    events: [{ kind: 'probe', target: 'edge', verdict: 'healthy', live_latency_ms: 63_000 }],
  })
  await declare('gala')
  await send({ session: 'withdrawn', show: 'gala', stream: 'x' }, 61_000)
  const latencies = (await it.rows('heartbeat')).map(({ session, live_latency_ms }) => [
    session,
    live_latency_ms,
  ])
  assert.deepEqual(latencies, [
    ['by-show', 1_000],
    ['by-show', 0],
    ['by-show', 0],
    ['by-show', null],
    ['by-stream', 1_500],
    ['other-show', 61_000],
    ['withdrawn', 61_000],
  ])
  assert.deepEqual(
    (await it.rows('probe')).map(({ live_latency_ms }) => live_latency_ms),
    [3_000],
  )
  await it.close()
})
