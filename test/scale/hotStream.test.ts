import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { partitionOf } from '../../collector/rows/partitionOf.ts'
import { runHotStream, sessionName } from './hotStream.ts'

const PARTITIONS = 12
/** No partition may carry more than this times the mean. */
const MOST = 1.3

for (const [name, of] of [
  ['numbers in a row', (number: number) => `session-${number}`],
  ['UUIDs', () => randomUUID()],
  ['names as in the test below', sessionName],
] as const) {
  test(`two million sessions spread evenly over ${PARTITIONS} partitions: ${name}`, () => {
    const sessions = 2_000_000
    const rows = new Array<number>(PARTITIONS).fill(0)
    for (let number = 0; number < sessions; number += 1) rows[partitionOf(of(number), PARTITIONS)]! += 1
    const fullest = Math.max(...rows) / (sessions / PARTITIONS)
    assert.ok(fullest <= MOST, `the fullest has ${fullest} times the mean`)
  })
}

/** `npm run bench -- hot` is the same with two million. */
test('one hot stream over 12 partitions and 3 watchers: each takes its share, one judges, merged figures equal SQL', {
  timeout: 280_000,
}, async (context) => {
  const report = await runHotStream({
    sessions: 60_000,
    partitions: PARTITIONS,
    watchers: 3,
    tell: (line) => context.diagnostic(line),
  })
  context.diagnostic(JSON.stringify(report))
  assert.ok(report.fullest <= MOST, `the fullest has ${report.fullest} times the mean`)
  assert.deepEqual(report.shares, [4, 4, 4])
  assert.equal(report.judges, 1)
  assert.ok(report.compared >= 100, `${report.compared} figures`)
  assert.deepEqual(report.differing, [])
})
