import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readFigures } from './figures.ts'
import { partitionsFor, SHOW } from './needs.ts'
import { planOf } from './plan.ts'

const big = { ...SHOW, viewers: 5e6 }
const planned = (show = big, prices = {}) =>
  planOf({ ...show, partitions: partitionsFor(show) }, readFigures(undefined), prices)
const amountOf = (plan: ReturnType<typeof planOf>, name: string): number =>
  plan.lines.find((line) => line.name === name)!.value

test('events are what viewers send: heartbeats, starts, stalls and interactions', () => {
  const rate = amountOf(planned({ ...big, interval_s: 20, interactions: 6, sample: 0.5 }), 'events_per_s')
  assert.ok(Math.abs(rate / (5e6 * 0.5 * (1.1 / 20 + 6 / 60)) - 1) < 1e-9)
})

test('a round asks for collectors, and neither for writers nor for the store', () => {
  const [calm, pulse] = [planned(), planned({ ...big, pulse: { share: 0.3, seconds: 2 } })]
  assert.ok(amountOf(pulse, 'collectors') > 1.5 * amountOf(calm, 'collectors'))
  for (const name of ['writers', 'watchers', 'store_cores', 'store_gb'])
    assert.equal(amountOf(pulse, name), amountOf(calm, name), name)
})

test('partitions hold neither writers nor watchers back', () => {
  const plan = planned({ ...big, viewers: 5e7 })
  const partitions = amountOf(plan, 'partitions')
  assert.ok(amountOf(plan, 'writers') < partitions && amountOf(plan, 'watchers') < partitions)
})

test('the price is each amount times its price', () => {
  const cores = amountOf(planned(), 'cores')
  assert.ok(Math.abs(amountOf(planned(big, { core_hour: 0.05 }), 'price') - cores * 3 * 0.05) < 1e-6)
  const both = amountOf(planned(big, { core_hour: 0.05, egress_gb: 0.1 }), 'price')
  assert.ok(Math.abs(both - cores * 0.15 - amountOf(planned(), 'egress_gb') * 0.1) < 1e-6)
})

test('figures are read from what the benches write, and what is not there is marked as ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-plan-'))
  try {
    const file = join(folder, 'figures.jsonl')
    const lines = [
      { bench: 'machine', case: '8 × a core' },
      ...[
        [1_000, 1_000, 200],
        [4_000, 3_900, 60],
        [8_000, 5_000, 90],
      ].map(([rate, answered_per_s, collector]) => ({
        ...{ bench: 'end-to-end', mode: 'kafka', rate, answered_per_s, cpu_us: { collector } },
      })),
      { bench: 'end-to-end', mode: 'embedded', rate: 9_000, answered_per_s: 9_000, cpu_us: { main: 40 } },
      { bench: 'scale', case: 'tick', role: 'collector', value: 50 },
      { bench: 'sessions', case: 'memory a session', value: 40 },
    ]
    writeFileSync(file, `> firstframe@0.1.0 bench\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    const { figures, from, machine } = readFigures(file)
    // The highest rate on Kafka that was answered.
    assert.deepEqual([figures.collector_us, figures.tick_us, figures.session_bytes], [60, 50, 40])
    assert.deepEqual([from.collector_us, machine], ['bench end-to-end', '8 × a core'])
    assert.match(from.write_us, /^ours/)
    writeFileSync(file, '{"bench":"log","case":"x","value":1}\n')
    assert.throws(() => readFigures(file), /none of the figures/)
    assert.throws(() => readFigures(join(folder, 'none')), /cannot be read/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
