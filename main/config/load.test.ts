import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ConfigError, environmentNames, loadConfig, withoutSecrets } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'firstframe-config-'))
after(() => rmSync(folder, { recursive: true }))

function yaml(text: string) {
  const path = join(folder, 'firstframe.yaml')
  writeFileSync(path, text)
  return { path, optional: false }
}

test('without anything, the defaults run on a laptop', () => {
  const config = loadConfig({ environment: {}, flags: {} })
  assert.equal(config.port, 8080)
  assert.equal(config.console_port, 8081)
  assert.equal(config.console_host, '127.0.0.1')
  assert.equal(config.log.kind, 'embedded')
})

test('the command line wins over the environment, that over the file, that over the defaults', () => {
  const file = yaml('port: 1000\nconsole_port: 1001\ndata: /file\nlog:\n  partitions: 9\n')
  const config = loadConfig({
    file,
    environment: { FIRSTFRAME_PORT: '2000', FIRSTFRAME_DATA: '/environment' },
    flags: { port: 3000 },
  })
  assert.deepEqual(
    [config.port, config.data, config.console_port, config.log.partitions],
    [3000, '/environment', 1001, 9],
  )
})

test('lists come from the environment by commas', () => {
  const config = loadConfig({ environment: { FIRSTFRAME_LOG_BROKERS: 'a:9092, b:9092' }, flags: {} })
  assert.deepEqual(config.log.brokers, ['a:9092', 'b:9092'])
})

test('every problem is told at once, with its line or its variable', () => {
  const file = yaml('port: many\nprot: 1\nlog:\n  kind: rabbit\n')
  assert.throws(
    () =>
      loadConfig({
        file,
        environment: { FIRSTFRAME_CONSOLE_PORT: '99999', FIRSTFRAME_NOPE: '1' },
        flags: {},
      }),
    (error: ConfigError) => {
      const text = error.problems.join('\n')
      assert.match(text, /firstframe\.yaml:1: port: must be integer, not "many"/)
      assert.match(text, /firstframe\.yaml:2: prot: no such setting/)
      assert.match(text, /firstframe\.yaml:4: log\.kind/)
      assert.match(
        text,
        /FIRSTFRAME_CONSOLE_PORT: console_port: must be integer to be less or equal to 65535, not 99999/i,
      )
      assert.match(text, /FIRSTFRAME_NOPE: no such setting/)
      return true
    },
  )
})

test('a file that is not there is an error only when it was asked for', () => {
  const path = join(folder, 'missing.yaml')
  assert.equal(loadConfig({ file: { path, optional: true }, environment: {}, flags: {} }).port, 8080)
  assert.throws(
    () => loadConfig({ file: { path, optional: false }, environment: {}, flags: {} }),
    /missing\.yaml: cannot be read/,
  )
})

test('printing hides secrets', () => {
  const config = loadConfig({
    environment: { FIRSTFRAME_STORE_PASSWORD: 'hush-1' },
    flags: { tenants: [{ name: 'a', key: 'hush-2' }], receivers: [{ type: 'slack', url: 'https://hush-3' }] },
  })
  const printed = JSON.stringify(withoutSecrets(config))
  assert.doesNotMatch(printed, /hush/)
  assert.match(printed, /"port":8080/)
})

test('every scalar setting has a variable', () => {
  assert.deepEqual(environmentNames().get('FIRSTFRAME_STORE_URL'), ['store', 'url'])
  assert.deepEqual(environmentNames().get('FIRSTFRAME_CONSOLE_PORT'), ['console_port'])
})
