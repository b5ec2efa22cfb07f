import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressGuard } from './addressGuard.ts'

test('only the public internet may be reached', () => {
  const { permits } = createAddressGuard()
  for (const inside of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'no address',
  ])
    assert.equal(permits(inside, 'host'), false, inside)
  for (const outside of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])
    assert.equal(permits(outside, 'host'), true, outside)
})

test('an operator allows networks and names', () => {
  const { permits } = createAddressGuard(['10.1.0.0/16', 'alertmanager.internal', 'fd00::/8'])
  assert.equal(permits('10.1.9.9', 'a'), true)
  assert.equal(permits('10.2.9.9', 'a'), false)
  assert.equal(permits('10.2.9.9', 'Alertmanager.internal'), true)
  assert.equal(permits('fd12::1', 'a'), true)
})
