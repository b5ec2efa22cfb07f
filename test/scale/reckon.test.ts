import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../check/sources.ts'
import { GIVEN, reckon, SHOW } from '../../main/plan/needs.ts'
import { SHOWS, table } from '../../main/plan/table.ts'
import { MEASURED_KINDS } from '../../schemas/measuredKinds.ts'
import { STATE_TOPICS, topics } from '../../schemas/topics.ts'

test('the table of docs/scale.md is what is reckoned', () => {
  assert.ok(
    readFileSync(join(ROOT, 'docs/scale.md'), 'utf8').includes(table(SHOWS)),
    `docs/scale.md needs this table:\n${table(SHOWS)}`,
  )
})

test('what the reckoning takes for given is so', () => {
  assert.equal(GIVEN.kinds, MEASURED_KINDS.length)
  assert.equal(topics(1_000).find(({ name }) => name === STATE_TOPICS.partial.name)!.partitions, GIVEN.judges)
})

test('twice the viewers are twice the events, rows and cores; a sample of a tenth is a tenth', () => {
  const entry = reckon({ ...SHOW, viewers: 1e6, partitions: 48 })
  const two = reckon({ ...SHOW, viewers: 2e6, partitions: 48 })
  for (const name of ['events_per_s', 'rows', 'store_gb', 'store_cores', 'kafka_mb_s'] as const)
    assert.ok(Math.abs(two[name] / entry[name] - 2) < 1e-9, name)
  assert.ok(two.collectors >= 2 * entry.collectors - 1)
  const sampled = reckon({ ...SHOW, viewers: 1e7, sample: 0.1, partitions: 48 })
  assert.deepEqual(sampled, entry)
})
