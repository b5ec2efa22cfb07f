import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importCircles } from './circles.ts'
import { brokenImports } from './imports.ts'
import { brokenLicences } from './licences.ts'
import { brokenNames } from './names.ts'
import { brokenShow, showTable } from './showTable.ts'
import { sourceFiles } from './sources.ts'

const file = (path: string, text: string) => ({ path, text })

test('a folder that imports upward is found; its test is not', () => {
  const text = "import { run } from '../processor/write/writer.ts'\n"
  assert.equal(brokenImports([file('collector/a.ts', text)]).length, 1)
  assert.deepEqual(brokenImports([file('collector/a.test.ts', text)]), [])
})

test('what runs imports no test support', () => {
  const text = "import { a } from './testing/a.ts'"
  assert.equal(brokenImports([file('console/a.ts', text)]).length, 1)
  assert.deepEqual(brokenImports([file('console/testing/b.ts', text), file('console/a.test.ts', text)]), [])
})

test('a package that stands in one file may not stand in two', () => {
  const text = "import { Kafka } from 'kafkajs'\n"
  assert.deepEqual(brokenImports([file('log/a.ts', text)]), [])
  assert.equal(brokenImports([file('log/a.ts', text), file('log/b.ts', text)]).length, 1)
})

test('a circle of imports is named whole; a dynamic import makes none', () => {
  const a = file('log/a.ts', "import { b } from './b.ts'\n")
  const b = file('log/b.ts', "import type { A } from './a.ts'\n")
  assert.deepEqual(importCircles([a, b]), ['log/a.ts → log/b.ts → log/a.ts'])
  assert.deepEqual(importCircles([a, file('log/b.ts', "const a = await import('./a.ts')\n")]), [])
})

test('names: files, units and empty words', () => {
  assert.equal(brokenNames([file('log/kafka-send.ts', '')]).length, 1)
  assert.deepEqual(brokenNames([file('console/page/ShowPage.tsx', '')]), [])
  assert.match(brokenNames([file('log/a.ts', 'const timeoutMs = 1\n')])[0]!, /timeout_ms/)
  assert.equal(brokenNames([file('log/a.ts', 'const told = 1\n')]).length, 1)
  assert.deepEqual(brokenNames([file('log/a.ts', '// the one that was told\n')]), [])
})

test('a field that lost its source and a metric that lost its board are found', () => {
  assert.deepEqual(brokenShow(), [])
  const without = sourceFiles().filter(({ path }) => path !== 'player/core/messages.ts')
  const { sources, metrics } = showTable(without)
  assert.ok(
    brokenShow({ sources, metrics }).includes('interaction.messages_duplicated is filled by no source'),
  )
  const boardless = metrics.map((each) => (each.metric === 'message_delay' ? { ...each, boards: [] } : each))
  assert.ok(brokenShow({ sources, metrics: boardless }).includes('message_delay is on no board'))
})

test('a package with a licence that nobody took, or without its hash, is found', () => {
  const right = { version: '1.0.0', license: 'MIT', integrity: 'sha512-x' }
  assert.deepEqual(
    brokenLicences({
      '': {},
      'node_modules/a': right,
      'node_modules/b/node_modules/axe-core': { ...right, license: 'MPL-2.0' },
    }),
    [],
  )
  assert.equal(brokenLicences({ 'node_modules/a': { ...right, license: 'AGPL-3.0' } }).length, 1)
  assert.equal(brokenLicences({ 'node_modules/a': { ...right, license: undefined } }).length, 1)
  assert.equal(brokenLicences({ 'node_modules/a': { ...right, integrity: undefined } }).length, 1)
})
