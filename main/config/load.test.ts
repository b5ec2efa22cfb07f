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
  const config = loadConfig({
    environment: { FIRSTFRAME_LOG_KIND: 'kafka', FIRSTFRAME_LOG_BROKERS: 'a:9092, b:9092' },
    flags: {},
  })
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
      assert.match(text, /firstframe\.yaml:1:1: port: must be integer, not "many"/)
      assert.match(text, /firstframe\.yaml:2:1: prot: no such setting, did you mean port\?/)
      assert.match(text, /firstframe\.yaml:4:3: log\.kind: must be embedded, kafka, not "rabbit"/)
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
    flags: {
      tenants: [{ name: 'a', key: 'hush-2', publish_secrets: ['hush-canary-4'] }],
      receivers: [{ name: 's', type: 'slack', url: 'https://hush-3' }],
      probes: [{ name: 'p', url: 'https://hush-5/a.m3u8', headers: { Authorization: 'hush-6' } }],
      livekit: { id: { secret: 'hush-7' } },
    },
  })
  const printed = JSON.stringify(withoutSecrets(config))
  assert.doesNotMatch(printed, /hush/)
  assert.match(printed, /"port":8080/)
})

test('what is right by form and cannot work is refused, all at once, where it stands', () => {
  const file = yaml(`receivers:
  - name: chat
    type: webhok
    url: https://hooks.example.org/1
  - name: pages
    type: alertmanager
    url: http://127.0.0.1:9093
  - name: pages
    type: slack
    url: hooks.example.org/2
sources:
  - type: srs
    url: http://10.0.0.1:1985
    tenant: nobody
probes:
  - name: a
    url: https://example.org/a.txt
    everys: 5
log:
  kind: kafka
  brokers: ['kafka-1']
public_url: console.example.org
`)
  assert.throws(
    () => loadConfig({ file, environment: {}, flags: {} }),
    (error: ConfigError) => {
      const expected = [
        /:3:5: receivers\[0\]\.type: must be .*, not "webhok", did you mean webhook\?/,
        /:7:5: receivers\[1\]\.url: 127\.0\.0\.1 is an address inside your network.*allow: \[127\.0\.0\.1\]/,
        /:8:5: receivers\[2\]\.name: "pages" is the name of entry 2, too/,
        /:10:5: receivers\[2\]\.url: .* is not an address; it begins with/,
        /:14:5: sources\[0\]\.tenant: there is no tenant "nobody"; there are: demo/,
        /:18:5: probes\[0\]\.everys/,
        /:21:13: log\.brokers\[0\]: "kafka-1" is not host:port/,
        /:22:1: public_url: .* is not an address/,
      ]
      const text = error.problems.join('\n')
      for (const pattern of expected) assert.match(text, pattern)
      return true
    },
  )
})

test('a path in the file is meant from the folder of the file', () => {
  const file = yaml('rules: rules.yaml\n')
  assert.equal(loadConfig({ file, environment: {}, flags: {} }).rules, join(folder, 'rules.yaml'))
  assert.equal(
    loadConfig({ file, environment: { FIRSTFRAME_RULES: 'own.yaml' }, flags: {} }).rules,
    'own.yaml',
  )
})

test('every scalar setting has a variable', () => {
  assert.deepEqual(environmentNames().get('FIRSTFRAME_STORE_URL'), ['store', 'url'])
  assert.deepEqual(environmentNames().get('FIRSTFRAME_CONSOLE_PORT'), ['console_port'])
})
