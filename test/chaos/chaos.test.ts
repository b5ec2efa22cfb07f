import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from './chaos.ts'
import { KILLS } from './faults.ts'

/** The short form of `npm run chaos`: each kind of process killed once, three brokers, without a pause of the load. */
test('a broker, a collector, a writer, a watcher and the store are killed under load: nothing answered is lost or doubled, every incident is found once', {
  timeout: 290_000,
}, async (context) => {
  const report = await runChaos({
    faults: KILLS,
    events_per_s: 1_000,
    every_ms: 14_000,
    away_ms: 3_000,
    outage_ms: 10_000,
    tell: (line) => context.diagnostic(line),
  })
  for (const each of report.faults) context.diagnostic(JSON.stringify(each))
  context.diagnostic(JSON.stringify({ ...report, faults: undefined }))
  assert.ok(report.answered > 20_000, `only ${report.answered} events`)
  assert.equal(report.lost, 0, 'lost')
  assert.equal(report.doubled, 0, 'doubled')
  assert.equal(report.doubled_rollups, 0, 'rollups count what the raw table holds')
  for (const { fault, recovery_s } of report.faults) assert.ok(recovery_s !== null, `${fault} recovered`)
  const { missed, doubled, false: wrong } = report.incidents
  assert.deepEqual({ missed, doubled, wrong }, { missed: 0, doubled: 0, wrong: 0 })
})
