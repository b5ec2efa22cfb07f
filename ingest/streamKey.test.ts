import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamKey, verifyStreamKey } from './streamKey.ts'

const NOW = 1_795_180_000_000

test('stream keys: made, verified, and refused for each reason', () => {
  const options = { app: 'live', stream: 'show', secrets: ['b', 'a'], now_ms: NOW }
  const args = (secret: string, expires_ms: number) =>
    streamKey({ secret, app: 'live', stream: 'show', expires_ms }).split('?')[1]!
  const good = args('a', NOW + 1000)
  assert.deepEqual(verifyStreamKey({ ...options, args: good }), { ok: true, expires_ms: NOW + 1000 })
  assert.equal(verifyStreamKey({ ...options, args: `?${good}` }).ok, true)
  const code = (change: object) => {
    const verdict = verifyStreamKey({ ...options, args: good, ...change })
    return verdict.ok ? 'ok' : verdict.code
  }
  assert.equal(code({ args: '' }), 'unsigned')
  assert.equal(code({ args: 'expires=1e9&sign=x' }), 'unsigned')
  assert.equal(code({ args: args('a', NOW) }), 'expired')
  assert.equal(code({ args: args('c', NOW + 1000) }), 'bad_signature')
  assert.equal(code({ stream: 'other' }), 'bad_signature')
  assert.equal(code({ app: 'test' }), 'bad_signature')
  assert.equal(code({ args: good.replace(/expires=\d+/, 'expires=9999999999') }), 'bad_signature')
  assert.equal(
    code({ args: `${args('c', NOW + 1000)}&${good}` }),
    'bad_signature',
    'the first of each counts',
  )
})
