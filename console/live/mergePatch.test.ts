import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diff, merge } from './mergePatch.ts'

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }))
const tree = fc.letrec((tie) => ({
  node: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', '__proto__'),
    fc.oneof({ depthSize: 'small' }, leaf, tie('node')),
    { noNullPrototype: true },
  ),
})).node

test('a patch makes one thing into the other, for any two things, also after it went over a line', () => {
  fc.assert(
    fc.property(tree, tree, (from, to) => {
      const patch = diff(from, to)
      const sent = patch === undefined ? {} : JSON.parse(JSON.stringify(patch))
      assert.deepEqual(merge(from, sent), JSON.parse(JSON.stringify(to)))
    }),
  )
})

test('what is equal needs no patch, and what did not change is the same object afterwards', () => {
  const from = { hops: { edge: { health: 'well' } }, values: { a: 1 } }
  assert.equal(diff(from, structuredClone(from)), undefined)
  const after = merge(from, diff(from, { ...from, values: { a: 2 } }))
  assert.equal(after.hops, from.hops)
  assert.deepEqual(after.values, { a: 2 })
})

test('a patch carries only what changed, and null for what is gone', () => {
  const from = { series: { a: { 10: 1, 20: 2 } }, at_ms: 20 }
  assert.deepEqual(diff(from, { series: { a: { 20: 2, 30: 3 } }, at_ms: 30 }), {
    series: { a: { 10: null, 30: 3 } },
    at_ms: 30,
  })
})
