import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OTHER } from '../../../schemas/dimensions.ts'
import { CellTable, LAST_CELLS, MOST_CELLS, MOST_VALUES } from './cellTable.ts'

const NAMES = ['app', 'cdn', 'edge', 'isp', 'region', 'device']

test('a sender that varies every dimension makes a bounded number of cells and values', () => {
  const table = new CellTable(NAMES)
  const tuple = new Int32Array(NAMES.length)
  const cellOf = (values: readonly string[]) => {
    for (const [at, value] of values.entries()) tuple[at] = table.code(at, value)
    return table.cell(tuple)
  }
  const honest = cellOf(['shop', 'cdn-a', 'e1', 'telecom', 'Hubei', 'phone'])
  for (let n = 0; n < LAST_CELLS + 10_000; n += 1) cellOf(NAMES.map((name) => `${name}-${n}`))
  assert.ok(table.count > MOST_CELLS)
  assert.ok(table.count <= LAST_CELLS + 1, `${table.count} cells`)
  for (const values of table.values) assert.ok(values.length <= MOST_VALUES + 1, `${values.length} values`)
  // What was there before keeps its cell, and all that is new is one.
  assert.equal(cellOf(['shop', 'cdn-a', 'e1', 'telecom', 'Hubei', 'phone']), honest)
  const rest = cellOf(NAMES.map((name) => `new-${name}`))
  assert.equal(cellOf(NAMES.map((name) => `newer-${name}`)), rest)
  for (const [at, values] of table.values.entries()) assert.equal(values[table.codeAt(rest, at)], OTHER)
})

test('when cells are many, new ones keep the dimensions that come first', () => {
  const table = new CellTable(NAMES)
  const tuple = new Int32Array(NAMES.length)
  for (let at = 0; at < 4; at += 1) tuple[at] = table.code(at, 'usual')
  for (let n = 0; n < MOST_CELLS; n += 1) {
    tuple[4] = table.code(4, `region-${n % 256}`)
    tuple[5] = table.code(5, `device-${n >> 8}`)
    table.cell(tuple)
  }
  assert.equal(table.count, MOST_CELLS)
  tuple[1] = table.code(1, 'cdn-a')
  const cell = table.cell(tuple)
  assert.equal(table.values[1]![table.codeAt(cell, 1)], 'cdn-a')
  assert.equal(table.values[5]![table.codeAt(cell, 5)], OTHER)
})
