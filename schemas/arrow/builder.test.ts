import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { type Column, columnsOf, TABLE_NAMES, type Table } from '../derive/columns.ts'
import { isNumeric, rangeOf } from '../field.ts'
import { createBuilder } from './builder.ts'
import { readBatch } from './reader.ts'
import { arrowSchema, END_OF_STREAM, fingerprint, schemaMessage } from './schema.ts'

const concat = (...parts: Uint8Array[]) => Buffer.concat(parts)

function arbitraryOf({ field }: Column): fc.Arbitrary<unknown> {
  if (field.type === 'flag') return fc.boolean()
  if (isNumeric(field)) {
    const { min, max } = rangeOf(field)
    if (field.type === 'f64') return fc.double({ min, max, noNaN: true })
    if (field.type === 'f32')
      return fc.float({ min: Math.fround(Math.max(min, -1e6)), max: 1e6, noNaN: true })
    return fc.maxSafeInteger().map((n) => Math.max(min, Math.min(max, Math.abs(n))))
  }
  return fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 90 }),
    fc.constantFrom('', 'a', '直播', 'x'.repeat(80)),
  )
}

const rowsOf = (table: Table) =>
  fc.array(
    fc.record(Object.fromEntries(columnsOf(table).map((column) => [column.name, arbitraryOf(column)])), {
      requiredKeys: [],
    }),
    { minLength: 1, maxLength: 20 },
  )

/** What a value is read back as. */
function kept(column: Column, value: unknown): unknown {
  if (value !== undefined) return column.field.type === 'f32' ? Math.fround(value as number) : value
  if (column.name === 'weight') return 1
  if (column.nullable) return null
  return isNumeric(column.field) ? 0 : column.field.type === 'flag' ? false : ''
}

const zeroless = (value: unknown) => (Object.is(value, -0) ? 0 : value)

test('what is put into a builder is read back, by our reader and by arrow-js, over several messages', () => {
  for (const table of TABLE_NAMES) {
    const columns = columnsOf(table)
    const names = columns.map(({ name }) => name)
    fc.assert(
      fc.property(fc.array(rowsOf(table), { minLength: 1, maxLength: 3 }), (batches) => {
        const builder = createBuilder(table, { capacity: 8 })
        const messages = batches.map((rows) => {
          for (const row of rows) builder.pushRow(row)
          assert.equal(builder.rows, rows.length)
          return builder.finish()
        })
        const all = batches.flat()
        const whole = tableFromIPC(concat(schemaMessage(table), ...messages, END_OF_STREAM))
        assert.equal(whole.numRows, all.length)
        let base = 0
        batches.forEach((rows, index) => {
          const read = readBatch(table, messages[index]!, names)
          assert.equal(read.rows, rows.length)
          rows.forEach((row, at) => {
            for (const column of columns) {
              const expected = zeroless(kept(column, (row as Record<string, unknown>)[column.name]))
              assert.deepEqual(zeroless(read.column(column.name).at(at)), expected, `${table}.${column.name}`)
              const theirs = whole.getChild(column.name)!.get(base + at)
              const value = typeof theirs === 'bigint' ? Number(theirs) : theirs
              assert.deepEqual(zeroless(value), expected, `arrow-js ${table}.${column.name}`)
            }
          })
          base += rows.length
        })
      }),
      { numRuns: 25 },
    )
  }
})

test('a row given up leaves nothing behind', () => {
  const builder = createBuilder('heartbeat')
  const at = (name: string) => builder.indexOf.get(name)!
  builder.pushRow({ session: 'one', played_ms: 1, buffer_ms: 5 })
  for (const [name, value] of [
    ['session', 'lost'],
    ['stream', 'lost'],
    ['buffer_ms', 9],
    ['synthetic', true],
  ] as const)
    builder.set(at(name), value)
  builder.drop()
  builder.pushRow({ session: 'two' })
  builder.set(at('session'), 'open, never ended')
  const read = readBatch('heartbeat', builder.finish(), ['session', 'stream', 'buffer_ms', 'synthetic'])
  assert.equal(read.rows, 2)
  assert.deepEqual(
    [0, 1].map((row) => read.text('session').at(row)),
    ['one', 'two'],
  )
  assert.equal(read.label('stream').at(1), '')
  assert.equal(read.number('buffer_ms').at(1), null)
  assert.equal(read.flag('synthetic').at(1), false)
})

test('a batch of an older schema is read by its own schema message; newer columns are missing', () => {
  // A dead letter's columns stand for an older heartbeat: some names are shared, most are not there.
  const builder = createBuilder('dead_letter')
  builder.pushRow({ tenant: 't', session: 's', received_time: 1_700_000_000_123 })
  const old = { schemaMessage: schemaMessage('dead_letter'), bytes: builder.finish() }
  const read = readBatch('heartbeat', old, [
    'tenant',
    'session',
    'received_time',
    'cdn',
    'buffer_ms',
    'played_ms',
  ])
  assert.equal(read.label('tenant').at(0), 't')
  assert.equal(read.text('session').at(0), 's')
  assert.equal(read.number('received_time').at(0), 1_700_000_000_123)
  assert.equal(read.label('cdn').at(0), '')
  assert.equal(read.number('buffer_ms').at(0), null)
  assert.equal(read.number('played_ms').at(0), 0)
})

test('a message may stand anywhere in memory, and a cut one is refused', () => {
  const builder = createBuilder('hop')
  for (let row = 0; row < 100; row += 1)
    builder.pushRow({ node: `n${row}`, bytes_in: row * 1e12, fps_in: row })
  const bytes = builder.finish()
  const odd = new Uint8Array(bytes.length + 3)
  odd.set(bytes, 3)
  const read = readBatch('hop', odd.subarray(3), ['node', 'bytes_in', 'fps_in'])
  assert.equal(read.label('node').at(99), 'n99')
  assert.equal(read.number('bytes_in').at(99), 99e12)
  for (const cut of [0, 4, 100, bytes.length - 8])
    assert.throws(() => readBatch('hop', bytes.slice(0, cut), ['node']), RangeError)
})

test('dictionaries stay bounded and the fingerprint names the table', () => {
  const builder = createBuilder('hop')
  for (let row = 0; row < 5_000; row += 1) builder.pushRow({ node: `node-${row}` })
  builder.finish()
  builder.pushRow({ node: 'last' })
  assert.deepEqual(readBatch('hop', builder.finish(), ['node']).label('node').values, ['', 'last'])
  assert.equal(new Set(TABLE_NAMES.map(fingerprint)).size, TABLE_NAMES.length)
  assert.equal(arrowSchema('hop').fields.length, columnsOf('hop').length)
})
