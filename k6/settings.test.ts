import assert from 'node:assert/strict'
import { test } from 'node:test'

/** Mistakes in `-e NAME=value`: each throws while the script is loaded, which k6 answers with exit code 107. */

const environment: Record<string, string> = {}
Object.assign(globalThis, { __ENV: environment })
const { addressSetting, numberSetting, refuseMisspelt, required } = await import('./settings.ts')

test('a setting that would be passed over is refused; what else a machine has is not', () => {
  for (const name of ['VIEWER', 'VIEWERSS', 'SECOND', 'COLECTOR', 'OBJECTIVE', 'INTERACTION_URI', 'viewers'])
    assert.throws(() => refuseMisspelt({ [name]: '1' }), /is no setting\. Did you mean [A-Z_]+\?/, name)
  refuseMisspelt({ ...process.env, VIEWERS: '1', HOME: '/', SESSIONS: '2', KEY: 'x', DISPLAY: ':0' })
})

test('no load, a load below nothing, and text for a number are refused', () => {
  for (const value of ['0', '-5', 'many', '', ' ']) {
    environment.VIEWERS = value
    assert.throws(() => numberSetting('VIEWERS', 1), /VIEWERS=/, value)
  }
  environment.RAMP_SECONDS = '0'
  assert.equal(numberSetting('RAMP_SECONDS', 5), 0)
})

test('an address has a scheme; a slash at its end does no harm', () => {
  environment.COLLECTOR = 'http://127.0.0.1:8080/'
  assert.equal(addressSetting('COLLECTOR'), 'http://127.0.0.1:8080')
  for (const value of ['127.0.0.1:8080', 'localhost:8080', 'rtmp://live.example/a', 'https:///a']) {
    environment.URL = value
    assert.throws(() => required('URL', 'the stream'), /is not an address; it begins with http/, value)
  }
})
