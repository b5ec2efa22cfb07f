import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SESSION_SLICE_MS, SessionSlices } from './sessionSlices.ts'

const T0 = 1_800_000_000_000

test('what is new in its slice adds up to distinct sessions, in any order within a minute', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          session: fc.constantFrom('a', 'b', 'c'),
          at: fc.integer({ min: 0, max: 59_999 }),
          stalled: fc.boolean(),
        }),
        { maxLength: 60 },
      ),
      (rows) => {
        const slices = new SessionSlices()
        const [heard, stalled] = [new Map<number, number>(), new Map<number, number>()]
        const [wantHeard, wantStalled] = [new Set<string>(), new Set<string>()]
        for (const row of rows) {
          const slice = Math.floor(row.at / SESSION_SLICE_MS)
          const fresh = slices.note(row.session, T0 + row.at, row.stalled ? 3 : 2)
          heard.set(slice, (heard.get(slice) ?? 0) + ((fresh >> 1) & 1))
          stalled.set(slice, (stalled.get(slice) ?? 0) + (fresh & 1))
          wantHeard.add(`${slice}/${row.session}`)
          if (row.stalled) wantStalled.add(`${slice}/${row.session}`)
        }
        const sum = (map: Map<number, number>) => [...map.values()].reduce((a, b) => a + b, 0)
        assert.equal(sum(heard), wantHeard.size)
        assert.equal(sum(stalled), wantStalled.size)
      },
    ),
    { numRuns: 200 },
  )
})

test('sessions that are not heard for a minute are forgotten', () => {
  const slices = new SessionSlices()
  for (let each = 0; each < 100; each += 1) slices.note(`s${each}`, T0, 2)
  slices.sweep(T0 + 30_000)
  assert.equal(slices.size, 100)
  slices.sweep(T0 + 200_000)
  assert.equal(slices.size, 0)
})
