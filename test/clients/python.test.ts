import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { HOW_TO_GET_PYTHON, preparePython } from './python.ts'
import { run } from './run.ts'
import { createTypedTable, TYPED_ROWS } from './typedTable.ts'

const HERE = fileURLToPath(new URL('./python', import.meta.url))

let it: TestStore
let python = ''
before(async () => {
  python = await preparePython()
  it = await startTestStore()
  await createTypedTable(it.store)
})
after(() => it?.stop())

async function report(user: string, password: string) {
  const { hostname, port } = new URL(it.url)
  return JSON.parse(
    await run(python, [join(HERE, 'client.py'), hostname, port, user, password], {
      howToGet: HOW_TO_GET_PYTHON,
    }),
  )
}

test('clickhouse-connect, pandas, pyarrow and SQLAlchemy read what is there, as it stands', async () => {
  const found = await report(it.reader, '')
  const sum = (TYPED_ROWS * (TYPED_ROWS - 1)) / 2
  assert.match(found.version, /^\d+\.\d+/)
  assert.equal(found.zone, 'UTC')
  assert.deepEqual(found.rows, [
    ['0', 'cdn0', 'None', '0.0', "['a', 'bc']"],
    ['1', 'cdn1', 'x', '0.25', "['a', 'bc']"],
    ['2', 'cdn2', 'x', '0.5', "['a', 'bc']"],
  ])
  assert.deepEqual(found.parameter, ["it's \\ here", [1, 2]])
  assert.deepEqual(found.bound, ["o'clock"])
  assert.deepEqual(found.pandas, [300, TYPED_ROWS, sum])
  assert.deepEqual(found.arrow, [TYPED_ROWS, sum])
  assert.equal(found.streamed, TYPED_ROWS)
  assert.deepEqual(found.sqlalchemy, [true, true, true, TYPED_ROWS])
  assert.equal(found.plain_arrow, TYPED_ROWS)
  assert.equal(found.missing, true)
  assert.equal(found.inserted, 'refused', 'a reader writes nothing')
})

test('who may write inserts rows, a data frame and an Arrow table', async () => {
  assert.equal((await report(it.user, it.password)).inserted, 5)
  const rows = await it.store.query('SELECT * FROM written ORDER BY n')
  assert.deepEqual(
    rows,
    ['a', 'b', 'c', 'd', 'e'].map((cdn, i) => ({ n: i + 1, cdn })),
  )
})
