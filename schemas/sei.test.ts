import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CUE_BYTES, CUE_UUID, type CueMessage, decodeCue, encodeCue } from './sei.ts'

const text = (maxLength: number) => fc.string({ maxLength, unit: 'grapheme' })

test('a cue that fits comes back as it was; one that does not is refused', () => {
  fc.assert(
    fc.property(
      fc.record<CueMessage>(
        {
          round: text(60),
          cue: text(20),
          issued_us: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
          inserted_after_us: fc.integer({ min: 0, max: 4_294_967_294 }),
          data: text(120),
        },
        { requiredKeys: ['round', 'cue', 'issued_us', 'data'] },
      ),
      (cue) => {
        const bytes = encodeCue(cue)
        if (cue.round === '') return assert.equal(bytes, 'no_round')
        const size =
          32 + [cue.round, cue.cue, cue.data].reduce((sum, each) => sum + Buffer.byteLength(each), 0)
        if (size > CUE_BYTES) return assert.equal(bytes, 'too_long')
        assert.ok(bytes instanceof Uint8Array)
        assert.equal(bytes.length, size)
        assert.equal(Buffer.from(bytes.subarray(0, 16)).toString('hex'), CUE_UUID)
        assert.deepEqual(decodeCue(CUE_UUID, bytes.subarray(16)), { ...cue })
      },
    ),
  )
})

test('bytes of others are not a cue, and never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodeCue(CUE_UUID, bytes)
      assert.equal(decodeCue('dc45e9bde6d948b7962cd820d923eeef', bytes), undefined)
    }),
  )
})

test('a later version with more at its end is read', () => {
  const cue = { round: 'red-7', cue: '1', issued_us: 1_795_180_000_000_123, data: '' }
  const bytes = encodeCue(cue) as Uint8Array
  const later = new Uint8Array([2, ...bytes.subarray(17), 9, 9])
  assert.deepEqual(decodeCue('5EC08DFF-BDF5-4AE9-8172-705A3DBB38B6', later), cue)
  assert.equal(encodeCue({ ...cue, issued_us: -1 }), 'bad_time')
})
