import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../config/load.ts'
import { checkSignIn } from './checkStart.ts'

const check = (flags: Record<string, unknown>) => () => checkSignIn(loadConfig({ environment: {}, flags }))

test('on loopback nothing is needed; an address that others reach needs a way to sign in', () => {
  for (const console_host of ['127.0.0.1', '::1', 'localhost']) check({ console_host })()
  for (const console_host of ['0.0.0.0', '::', '192.0.2.1', 'console.example.org'])
    assert.throws(
      check({ console_host }),
      /Set sign_in\.kind to accounts or openid .*console_host to 127\.0\.0\.1/,
    )
  check({ console_host: '0.0.0.0', sign_in: { kind: 'outside' } })()
})

test('a kind of sign-in that lacks what it needs is refused with the line that is missing', () => {
  assert.throws(check({ sign_in: { kind: 'accounts' } }), /sign_in\.accounts: is empty/)
  assert.throws(check({ sign_in: { kind: 'openid' } }), /sign_in\.issuer: is empty/)
  const openid = {
    kind: 'openid',
    issuer: 'https://login.example.org',
    client_id: 'x',
    grants: [{ value: '*', role: 'viewer' }],
  }
  assert.throws(check({ sign_in: { ...openid, grants: [] } }), /sign_in\.grants: is empty/)
  assert.throws(check({ sign_in: openid }), /openid needs public_url/)
  check({ sign_in: openid, public_url: 'https://console.example.org' })()
  assert.throws(check({ sign_in: { ...openid, secret: 'short' } }), /sign_in\.secret: is shorter than 32/)
})
