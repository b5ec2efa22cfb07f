import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { validateContext, validateEvent } from './validate.ts'

const heartbeat = { kind: 'heartbeat', seq: 1, time_ms: 1_700_000_000_000, interval_ms: 10_000, session: 's' }
const parse = (text: string): object => JSON.parse(text) as object

test('a right event is taken, with what of the context it overrides', () => {
  assert.equal(validateEvent('heartbeat', heartbeat), undefined)
  assert.equal(validateEvent('heartbeat', { ...heartbeat, cdn: undefined }), undefined)
  assert.equal(
    validateEvent('heartbeat', { ...heartbeat, cdn: 'b', played_ms: 9_999.5, caught_up_ms: -3 }),
    undefined,
  )
  assert.equal(validateEvent('interaction', { action: 'like', outcome: 'success', rtt_ms: 12 }), undefined)
})

test('null and the empty text are missing values', () => {
  assert.equal(validateEvent('heartbeat', { ...heartbeat, bitrate_kbps: null, reason: '' }), undefined)
  assert.deepEqual(validateEvent('heartbeat', { ...heartbeat, interval_ms: null }), {
    code: 'missing_field',
    detail: 'interval_ms',
  })
  assert.deepEqual(validateEvent('interaction', { action: '', outcome: 'success' }), {
    code: 'missing_field',
    detail: 'action',
  })
})

test('each refusal names its field', () => {
  const cases: [object, string, string][] = [
    [{ ...heartbeat, colour: 1 }, 'unknown_field', 'colour'],
    [{ kind: 'heartbeat' }, 'missing_field', 'interval_ms'],
    [{ ...heartbeat, interval_ms: '10' }, 'wrong_type', 'interval_ms: 10'],
    [{ ...heartbeat, synthetic: 1 }, 'wrong_type', 'synthetic: 1'],
    [{ ...heartbeat, cdn: {} }, 'wrong_type', 'cdn: an object'],
    [{ ...heartbeat, bytes: 1.5 }, 'wrong_type', 'bytes: 1.5'],
    [{ ...heartbeat, stall_count: 70_000 }, 'out_of_range', 'stall_count: 70000'],
    [{ ...heartbeat, played_ms: -1 }, 'out_of_range', 'played_ms: -1'],
    [{ ...heartbeat, bitrate_kbps: Number.NaN }, 'out_of_range', 'bitrate_kbps: NaN'],
    [{ ...heartbeat, clock: 1 }, 'unknown_field', 'clock'],
    [{ ...heartbeat, reason: 'because' }, 'out_of_range', 'reason: because'],
    [{ ...heartbeat, session: 's'.repeat(65) }, 'too_long', `session: ${'s'.repeat(40)}…`],
    [{ ...heartbeat, time_ms: 'today' }, 'bad_time', 'time_ms: today'],
    [{ ...heartbeat, seq: -1 }, 'out_of_range', 'seq: -1'],
    [parse('{"interval_ms":1,"__proto__":{"a":1}}'), 'unknown_field', '__proto__'],
    [parse('{"interval_ms":1,"constructor":{"prototype":{}}}'), 'unknown_field', 'constructor'],
    [parse('{"interval_ms":1,"toString":1}'), 'unknown_field', 'toString'],
  ]
  for (const [event, code, detail] of cases)
    assert.deepEqual(validateEvent('heartbeat', event), { code, detail }, JSON.stringify(event))
})

test('a context has dimensions, and no fields of a kind', () => {
  assert.equal(validateContext({ show: 'gala', stream: 'main', viewer: 'v', weight: 10 }), undefined)
  assert.deepEqual(validateContext({ tenant: 'other' }), { code: 'unknown_field', detail: 'tenant' })
  assert.deepEqual(validateContext({ played_ms: 1 }), { code: 'unknown_field', detail: 'played_ms' })
})

test('any JSON object gets an answer', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(heartbeat))), fc.jsonValue()),
      (event) => {
        const refusal = validateEvent('heartbeat', event)
        if (refusal === undefined) assert.equal(typeof event.interval_ms, 'number')
        else assert.ok(refusal.detail !== undefined && refusal.detail.length < 100)
      },
    ),
  )
})
