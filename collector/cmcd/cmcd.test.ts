import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCmcd, CMCD_KEYS as THEIR_KEYS, decodeCmcd as theirDecode } from '@svta/cml-cmcd'
import fc from 'fast-check'
import { decodeCmcd } from './decode.ts'
import { CMCD_EVENTS, CMCD_KEYS, type CmcdKey, type CmcdKeySpec, FORMATS, PLAYER_STATES } from './keys.ts'

const KEYS = Object.entries(CMCD_KEYS) as [CmcdKey, CmcdKeySpec][]

test('the table has the 49 keys of version 2 and its 19 events', () => {
  assert.equal(KEYS.length, 49)
  assert.equal(Object.keys(CMCD_EVENTS).length, 19)
  // The library knows `nrr` of version 1 and a `cdn` that no version has.
  assert.deepEqual(THEIR_KEYS.filter((key) => !(key in CMCD_KEYS)).sort(), ['cdn', 'nrr'])
  assert.equal(KEYS.filter(([, { v1 }]) => v1).length, 17)
})

/** A right value of each key, as a player writes it, and what we make of it. */
const WRITTEN: Record<CmcdKeySpec['type'], [string, unknown][]> = {
  integer: [
    ['1200', 1200],
    ['0', 0],
  ],
  decimal: [['1.25', 1.25]],
  boolean: [
    ['', true],
    ['=?0', false],
  ],
  token: [['p', 'p']],
  string: [
    ['"a \\"quoted\\" \\\\ text, with (marks);=1"', 'a "quoted" \\ text, with (marks);=1'],
    ['"直播"', '直播'],
  ],
}

test('each of the 49 keys is read in its type, and refused in another', () => {
  for (const [key, spec] of KEYS) {
    for (const [text, value] of WRITTEN[spec.type]) {
      const sign = spec.type === 'boolean' ? '' : '='
      const line = spec.list ? `${key}=(${text};v ${text})` : `${key}${sign}${text}`
      const record = decodeCmcd(line)
      assert.ok('values' in record, `${line}: ${JSON.stringify(record)}`)
      assert.deepEqual(record.values[key], spec.list ? [{ value, about: 'v' }, { value }] : value, line)
      assert.deepEqual(record.dropped, [])
      // Version 1, and lenient players, write a single value where version 2 has a list.
      if (spec.list)
        assert.deepEqual((decodeCmcd(`${key}=${text}`) as typeof record).values[key], [{ value }])
    }
    const wrong =
      spec.type === 'boolean' ? '"text"' : spec.type === 'string' || spec.type === 'token' ? '?1' : 'token'
    const record = decodeCmcd(`${key}=${wrong}`)
    assert.deepEqual('dropped' in record && record.dropped, [key], `${key}=${wrong}`)
  }
})

function arbitraryOf({ type, list }: CmcdKeySpec, key: string): fc.Arbitrary<unknown> {
  const text = fc.string({
    unit: fc.constantFrom(...'abc XYZ019-_.,;=()"\\/?:'),
    minLength: 1,
    maxLength: 60,
  })
  const token: Record<string, string[]> = {
    e: Object.keys(CMCD_EVENTS).filter((event) => event !== 'h'),
    sf: ['d', 'h', 's', 'o'],
    st: ['v', 'l', 'll'],
    sta: Object.keys(PLAYER_STATES),
    ot: ['m', 'a', 'v', 'av', 'i', 'c', 'tt', 'k', 'o'],
  }
  const entry: Record<CmcdKeySpec['type'], fc.Arbitrary<unknown>> = {
    integer: fc.integer({ min: 0, max: 999_999_999 }),
    decimal: fc.integer({ min: 1, max: 4_000 }).map((n) => n / 1000),
    boolean: fc.constant(true),
    token: fc.constantFrom(...(token[key] ?? ['p'])),
    string: text,
  }
  return list ? fc.array(entry[type], { minLength: 1, maxLength: 3 }) : entry[type]
}

test('1,000 generated records: what @svta/cml-cmcd writes, we read as it does', () => {
  const record = fc.record(Object.fromEntries(KEYS.map(([key, spec]) => [key, arbitraryOf(spec, key)])), {
    requiredKeys: [],
  })
  const custom = fc.record(
    { 'com.example-key': fc.string({ unit: fc.constantFrom(...'abc 01'), minLength: 1, maxLength: 60 }) },
    { requiredKeys: [] },
  )
  let compared = 0
  fc.assert(
    fc.property(record, custom, fc.constantFrom('event', 'request'), (keys, more, reportingMode) => {
      const line = encodeCmcd(
        { ...keys, ...more, v: 2, e: 'rr', ts: 1_795_169_302_567 } as never,
        { version: 2, reportingMode } as never,
      )
      const theirs = theirDecode(line) as Record<string, unknown>
      const ours = decodeCmcd(line)
      assert.ok('values' in ours, `${line}: ${JSON.stringify(ours)}`)
      assert.deepEqual(ours.dropped, [], line)
      const plain = Object.fromEntries(
        Object.entries({ ...ours.custom, ...ours.values }).map(([key, value]) => [
          key,
          Array.isArray(value) ? value.map((item: { value: unknown }) => item.value) : value,
        ]),
      )
      assert.deepEqual(plain, theirs, line)
      compared += Object.keys(plain).length
    }),
    { numRuns: 1_000 },
  )
  assert.ok(compared > 10_000, `${compared} values compared`)
})

test('any text gets an answer: a record or a reason', () => {
  const piece = fc.constantFrom(
    'bl',
    'br',
    '=',
    '(',
    ')',
    ',',
    ';',
    '"',
    '\\',
    ' ',
    '1',
    '-',
    '.',
    'v',
    '__proto__',
    '\n',
    '?1',
    '直',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (line) => {
        const record = decodeCmcd(line)
        if ('code' in record) assert.equal(record.code, 'bad_cmcd')
        else assert.ok(Array.isArray(record.dropped))
      },
    ),
    { numRuns: 2_000 },
  )
  assert.equal(({} as Record<string, unknown>).bl, undefined)
})

test('formats have a protocol', () => {
  assert.equal(FORMATS.h, 'hls')
  assert.equal(FORMATS.d, 'dash')
})
