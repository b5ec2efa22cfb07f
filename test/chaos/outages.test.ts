import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEMORY_MIB, runChaos } from './chaos.ts'

/** The short form of the second half of `npm run chaos`: what is away there for two minutes is away for some seconds here. */
test('Kafka away, the store away: nothing answered is lost, nobody is sent away, memory is bounded, both recover', {
  timeout: 290_000,
}, async (context) => {
  const report = await runChaos({
    faults: ['kafka_away', 'store_away'],
    events_per_s: 500,
    every_ms: 0,
    away_ms: 0,
    outage_ms: 10_000,
    cut_ms: 10_000,
    tell: (line) => context.diagnostic(line),
  })
  for (const each of report.faults) context.diagnostic(JSON.stringify(each))
  context.diagnostic(JSON.stringify({ ...report, faults: undefined }))
  assert.equal(report.lost, 0, 'lost')
  assert.equal(report.doubled, 0, 'doubled')
  assert.equal(report.doubled_rollups, 0, 'rollups count what the raw table holds')
  for (const { fault, recovery_s } of report.faults) assert.ok(recovery_s !== null, `${fault} recovered`)
  for (const { fault, refused } of report.faults)
    assert.equal(refused, 0, `${fault}: what cannot go on waits on the disk or in Kafka`)
  const { missed, doubled, false: wrong } = report.incidents
  assert.deepEqual({ missed, doubled, wrong }, { missed: 0, doubled: 0, wrong: 0 })
  for (const [role, mib] of Object.entries(report.rss_mib))
    if (role !== 'store') assert.ok(mib <= MEMORY_MIB, `${role} had ${mib} MiB`)
})
