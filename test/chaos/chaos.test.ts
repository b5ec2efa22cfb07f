import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEMORY_MIB, runChaos } from './chaos.ts'
import { KILLS } from './faults.ts'

/** The short form of `npm run chaos`: each kind of process killed once, then Kafka and the store away, without a pause of the load. */
test('broker, collector, writer, watcher and store are killed under load, Kafka and the store go away: nothing answered is lost or doubled, every incident is found once', {
  timeout: 500_000,
}, async (context) => {
  const report = await runChaos({
    faults: [...KILLS, 'kafka_away', 'store_away'],
    events_per_s: 1_000,
    every_ms: 6_000,
    away_ms: 3_000,
    outage_ms: 8_000,
    cut_ms: 30_000,
    isMendedWhenFound: true,
    tell: (line) => context.diagnostic(line),
  })
  for (const each of report.faults) context.diagnostic(JSON.stringify(each))
  context.diagnostic(JSON.stringify({ ...report, faults: undefined }))
  assert.ok(report.answered > 20_000, `only ${report.answered} events`)
  assert.equal(report.lost, 0, 'lost')
  assert.equal(report.doubled, 0, 'doubled')
  assert.equal(report.doubled_rollups, 0, 'rollups count what the raw table holds')
  for (const { fault, recovery_s } of report.faults) assert.ok(recovery_s !== null, `${fault} recovered`)
  // What cannot go on waits on the disk or in Kafka; nobody is refused for it.
  for (const { fault, refused } of report.faults)
    if (fault.endsWith('_away')) assert.equal(refused, 0, `${fault}: refused`)
  for (const [role, mib] of Object.entries(report.rss_mib))
    if (role !== 'store') assert.ok(mib <= MEMORY_MIB, `${role} had ${mib} MiB`)
  const { unseen, doubled, wrong } = report.incidents
  assert.deepEqual({ unseen, doubled, wrong }, { unseen: [], doubled: 0, wrong: [] })
})
