import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '../stream/waitFor.ts'
import { audit, encoderIncidents, encoderSilences } from './audit.ts'
import { startLoad } from './load.ts'
import { startPipeline } from './pipeline.ts'

/** Two collectors, writers and watchers, a store and a console, each a process of its own, on a real broker. */
test('roles as processes: beacons are in the store and its rollups exactly once, and a cut encoder is found once', {
  timeout: 280_000,
}, async (context) => {
  const pipeline = await startPipeline({ brokers: 1, console: true })
  context.after(() => pipeline.dispose())
  const load = startLoad({
    name: 'roles',
    urls: pipeline.collectors.map(({ url }) => url),
    events_per_s: 1_000,
    senders: 20,
    batch: 20,
    beacons: 6,
    streams: 4,
  })
  context.after(() => load.kill())
  await waitFor(async () => (await load.count()).events > 12_000, {
    what: '12,000 events answered',
  })
  assert.deepEqual(await encoderIncidents(pipeline), [], 'nobody is paged while all is well')
  load.cut(1)
  const began = performance.now()
  const [found] = await waitFor(
    async () => {
      const incidents = await encoderIncidents(pipeline)
      return incidents.length > 0 && incidents
    },
    { what: 'the incident' },
  ).catch(async (error: Error) => {
    const silences = await encoderSilences(pipeline)
    const stated = pipeline.watchers.map((part) => part.output().slice(-2_000)).join('\n')
    throw new Error(
      `${error.message}; not heard: ${JSON.stringify([...silences])}; watchers say:\n${stated}`,
      {
        cause: error,
      },
    )
  })
  context.diagnostic(`found after ${Math.round(performance.now() - began)} ms: ${JSON.stringify(found)}`)
  assert.deepEqual([found!.stream, found!.hop], ['stream-1', 'encoder'])
  load.mend(1)

  const page = pipeline.console!
  const answer = await fetch(
    `${page.url}/clickhouse/?query=${encodeURIComponent('SELECT count() > 0 FROM heartbeat')}`,
  )
  assert.equal((await answer.text()).trim(), '1', 'the console’s SQL')
  for (const part of pipeline.parts) {
    const metrics = await (await fetch(`${part.healthUrl}/metrics`)).text()
    assert.match(metrics, /firstframe_build_info/, part.name)
    assert.equal((await fetch(`${part.healthUrl}/healthz`)).status, 200)
  }

  const answered = await load.stop()
  const result = await audit(pipeline, answered)
  context.diagnostic(JSON.stringify(result))
  assert.ok(result.answered > 12_000)
  assert.equal(result.lost, 0)
  assert.equal(result.doubled, 0)
  assert.equal(result.doubled_rollups, 0)
  const incidents = await waitFor(
    async () => {
      const all = await encoderIncidents(pipeline)
      return all.every(({ state }) => state === 'resolved') && all
    },
    { what: 'the incident to be resolved' },
  )
  context.diagnostic(JSON.stringify(incidents))
  assert.deepEqual(
    incidents.map(({ stream }) => stream),
    ['stream-1'],
    'found once, and no other',
  )

  for (const part of [...pipeline.parts].reverse())
    assert.equal(await part.stop(), 0, `${part.name} ends in good order:\n${part.output().slice(-1000)}`)
})
