import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scaleOf } from './scale.ts'

test('a scale holds every value and the objective, and what is near 0 begins at 0', () => {
  const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e9, noNaN: true }))
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 40 }),
      fc.option(value, { nil: undefined }),
      (values, objective) => {
        const [bottom, top] = scaleOf({ values, objective })
        const all = objective === undefined ? values : [...values, objective]
        assert.ok(bottom < top, `${bottom} … ${top}`)
        for (const entry of all)
          assert.ok(entry >= bottom * 0.9999 && entry <= top * 1.0001, `${entry} in ${bottom} … ${top}`)
        if (all.length > 0 && Math.min(...all) <= Math.max(...all) * 0.6) assert.equal(bottom, 0)
      },
    ),
  )
})

test('ends are round, calm looks calm, a share ends at all of it', () => {
  assert.deepEqual(scaleOf({ values: [62, 861], objective: 200 }), [0, 1000])
  assert.deepEqual(scaleOf({ values: [24], objective: 200 }), [0, 250])
  assert.deepEqual(scaleOf({ values: [29.9, 30.1] }), [28, 32])
  assert.deepEqual(scaleOf({ values: [1], objective: 0.995, limit: 1 }), [0.99, 1])
  assert.deepEqual(
    scaleOf({ values: [0, 0], objective: 0.01, limit: 1 }).map((entry) => Number(entry.toFixed(4))),
    [0, 0.0125],
  )
  assert.deepEqual(scaleOf({ values: [] }), [0, 1])
  assert.deepEqual(scaleOf({ values: [0] }), [0, 1])
})

test('a scale of people has whole ends, however few they are', () => {
  for (const values of [[3, 3], [2, 4], [1], [0, 2], [388, 392], [7, 8, 9], [24, 26]])
    assert.deepEqual(
      scaleOf({ values, whole: true }).map((end) => end % 1),
      [0, 0],
      values.join(),
    )
  assert.deepEqual(scaleOf({ values: [3, 3], whole: true }), [2, 4])
})

test('a level beyond what can be taken is drawn whole', () => {
  const [bottom, top] = scaleOf({ values: [0.05, 0.6, 1.05], limit: 1 })
  assert.equal(bottom, 0)
  assert.ok(top > 1.05, String(top))
})
