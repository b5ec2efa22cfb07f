import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { experienceOf } from './experience.ts'
import { EXPERIENCE_PART_NAMES } from './metrics/experience.ts'
import { type AnyMetric, metricOf } from './metrics.ts'

const FACTORS = [
  ...new Set(
    EXPERIENCE_PART_NAMES.flatMap((part) =>
      metricOf(part)
        .factors!.flat()
        .map(({ of }) => of as AnyMetric),
    ),
  ),
]
const partsOf = (values: Parameters<typeof experienceOf>[0]) =>
  Object.fromEntries(experienceOf(values)!.parts.map(({ part, score }) => [part, score]))

test('parts are Mux’s published formulas where Mux has one', () => {
  assert.equal(partsOf({ video_startup_time: 2000 }).experience_start, 800 / (8 + 2))
  assert.equal(
    partsOf({ rebuffering_frequency: 1, rebuffering_ratio: 0.02 }).experience_smoothness,
    (100 / Math.sqrt(1 + 0.5 ** 2) + 100 * Math.exp(-10 * 0.02)) / 2,
  )
  // Playback success: 100 played, 50 left before the start, 0 failed.
  const started = { video_startup_time: 0 }
  assert.equal(partsOf({ ...started, exit_before_video_start: 1 }).experience_start, 50)
  assert.equal(partsOf({ ...started, video_start_failure: 1 }).experience_start, 0)
})

test('an objective is what a part is worth when its metrics are exactly at theirs', () => {
  const atObjectives = Object.fromEntries(FACTORS.map((name) => [name, metricOf(name).objective]))
  const parts = partsOf(atObjectives)
  for (const part of EXPERIENCE_PART_NAMES)
    assert.equal(metricOf(part).objective, Math.floor(parts[part]!), part)
  assert.equal(metricOf('experience_score').objective, Math.floor(experienceOf(atObjectives)!.score))
})

test('what was not measured takes nothing off and weighs nothing', () => {
  assert.equal(experienceOf({}), undefined)
  assert.equal(experienceOf({ bitrate: 3000 }), undefined)
  const only = experienceOf({ live_latency: 10_000 })!
  assert.deepEqual(only.parts, [{ part: 'experience_latency', score: 50, weight: 1, lost: 50 }])
  assert.equal(only.score, 50)
})

test('for any values: 0 to 100, the parts’ losses make the whole, and no metric that gets worse lifts it', () => {
  const value = (name: AnyMetric) =>
    metricOf(name).unit === 'ratio' ? fc.double({ min: 0, max: 1, noNaN: true }) : fc.nat(60_000)
  const values = fc.record(
    Object.fromEntries(FACTORS.map((name) => [name, value(name)])) as Record<AnyMetric, fc.Arbitrary<number>>,
  )
  fc.assert(
    fc.property(values, fc.constantFrom(...FACTORS), (all, name) => {
      const before = experienceOf(all)!
      assert.ok(before.score >= -1e-9 && before.score <= 100)
      const lost = before.parts.reduce((sum, part) => sum + part.lost, 0)
      assert.ok(Math.abs(100 - lost - before.score) < 1e-9)
      const worse = metricOf(name).better === 'lower' ? all[name] * 2 + 1 : all[name] / 2
      assert.ok(experienceOf({ ...all, [name]: worse })!.score <= before.score + 1e-9, name)
    }),
  )
})
