import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { clickhouseType, columnsOf, TABLE_NAMES } from '../derive/columns.ts'
import { createBuilder } from './builder.ts'
import { END_OF_STREAM, schemaMessage } from './schema.ts'

let engine: TestStore
before(async () => {
  engine = await startTestStore()
  await engine.store.exec('CREATE DATABASE IF NOT EXISTS arrow_test ENGINE = Atomic')
})
after(() => engine.stop())

test('the engine takes several messages of each table as one stream, value by value', async () => {
  for (const table of TABLE_NAMES) {
    const columns = columnsOf(table)
    const name = `arrow_test.${table}`
    const ddl = columns.map((column) => `\`${column.name}\` ${clickhouseType(column)}`).join(', ')
    await engine.store.exec(`CREATE TABLE ${name} (${ddl}) ENGINE = MergeTree ORDER BY tuple()`)
    const builder = createBuilder(table)
    const messages = [0, 1, 2].map((message) => {
      for (let row = 0; row < 10; row += 1)
        builder.pushRow({
          tenant: `tenant-${message}`,
          session: `直播-${row}`,
          detail: `line\n\n'${row}'`,
          synthetic: row % 2 === 0,
          received_time: 1_795_176_000_123 + row,
          opened_time: 1_795_176_000_123 + row,
          bytes: 5e12 + row,
          buffer_ms: row > 5 ? row : undefined,
        })
      return builder.finish()
    })
    await engine.store.insertArrow({
      table: name,
      columns: columns.map((column) => column.name),
      chunks: [schemaMessage(table), ...messages, END_OF_STREAM],
      token: table,
    })
    const [counts] = await engine.store.query<Record<string, number>>(
      `SELECT count() AS rows, uniqExact(tenant) AS tenants FROM ${name}`,
    )
    assert.deepEqual([Number(counts!.rows), Number(counts!.tenants)], [30, 3], table)
  }
  const rows = await engine.store.query<Record<string, unknown>>(
    `SELECT session, synthetic, toUnixTimestamp64Milli(received_time) AS time, toString(bytes) AS bytes, buffer_ms, cdn, weight, stall_count
     FROM arrow_test.heartbeat WHERE tenant = 'tenant-2' ORDER BY received_time LIMIT 2 OFFSET 5`,
  )
  assert.deepEqual(
    rows.map((row) => ({ ...row, time: Number(row.time) })),
    [5, 6].map((row) => ({
      session: `直播-${row}`,
      synthetic: row % 2 === 0,
      time: 1_795_176_000_123 + row,
      bytes: String(5e12 + row),
      buffer_ms: row > 5 ? row : null,
      cdn: '',
      weight: 1,
      stall_count: 0,
    })),
  )
})
