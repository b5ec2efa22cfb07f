import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Watermark } from './watermark.ts'

test('nothing is judged until every partition has ticked', () => {
  const watermark = new Watermark()
  watermark.add('a')
  watermark.add('b')
  watermark.tick('a', 'one', 5_000)
  assert.equal(watermark.value, 0)
  watermark.tick('b', 'one', 4_000)
  assert.equal(watermark.value, 4_000)
})

test('a collector that died holds it for five seconds, and no longer', () => {
  const watermark = new Watermark()
  for (let time = 1_000; time <= 10_000; time += 1_000) {
    watermark.tick('a', 'one', time)
    if (time <= 3_000) watermark.tick('a', 'two', time)
  }
  assert.equal(new Watermark().value, 0)
  assert.equal(watermark.value, 10_000)
  const held = new Watermark()
  for (let time = 1_000; time <= 8_000; time += 1_000) {
    held.tick('a', 'one', time)
    if (time <= 3_000) held.tick('a', 'two', time)
  }
  assert.equal(held.value, 3_000, 'still waited for')
})

test('after an outage of the log, a collector that hands in what it kept is waited for until it is through', () => {
  const watermark = new Watermark()
  for (let time = 1_000; time <= 3_000; time += 1_000)
    for (const collector of ['one', 'two']) watermark.tick('a', collector, time, time)
  // Two minutes later the first hands in everything at once, the second in two steps.
  for (let time = 4_000; time <= 120_000; time += 1_000) watermark.tick('a', 'one', time, 121_000)
  assert.equal(watermark.value, 3_000)
  for (let time = 4_000; time <= 60_000; time += 1_000) watermark.tick('a', 'two', time, 122_000)
  assert.equal(watermark.value, 60_000)
  for (let time = 61_000; time <= 123_000; time += 1_000) watermark.tick('a', 'two', time, 123_000)
  watermark.tick('a', 'one', 123_000, 123_000)
  assert.equal(watermark.value, 123_000)
})

test('partitions that are expected and never come are waited for so long as is said', () => {
  const watermark = new Watermark({ gone_ms: 60_000 })
  watermark.add('a', ['x', 'y'])
  for (let time = 100_000; time <= 160_000; time += 1_000) watermark.tick('a', 'x', time)
  assert.equal(watermark.value, 0)
  watermark.tick('a', 'x', 161_000)
  assert.equal(watermark.value, 161_000)
})

test('a clock that is far behind is not waited for', () => {
  const watermark = new Watermark()
  watermark.tick('a', 'one', 1_000_000, 1_000_000)
  watermark.tick('a', 'two', 100_000, 1_000_000)
  assert.equal(watermark.value, 1_000_000)
})

test('a collector’s clock that was set back is followed at its second tick, and reported; a late repeat is not', () => {
  let setBacks = 0
  const watermark = new Watermark({ clock: () => 5_000_000, onSetBack: () => (setBacks += 1) })
  const tick = (time: number) => watermark.tick('a', 'one', time, time)
  for (const time of [4_000_000, 4_001_000, 4_002_000, 3_990_000, 4_003_000]) tick(time)
  assert.equal(watermark.value, 4_003_000)
  assert.equal(setBacks, 0)
  for (const time of [400_000, 401_000, 402_000]) tick(time)
  assert.equal(watermark.value, 402_000)
  assert.equal(setBacks, 1)
})

test('what is read again after a start counts no tick that is later than now', () => {
  const watermark = new Watermark({ clock: () => 1_000_000 })
  watermark.tick('a', 'one', 990_000, 990_000, undefined, false)
  watermark.tick('a', 'one', 1_300_000, 1_300_000, undefined, false)
  assert.equal(watermark.value, 990_000)
})
