import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apportion } from './readWatching.ts'

test('rounded rows add up to the rounded whole', () => {
  assert.deepEqual(apportion([0.4, 0.4, 2.2]), [1, 0, 2])
  assert.deepEqual(apportion([1.5, 1.5]), [2, 1])
  assert.deepEqual(apportion([]), [])
  assert.deepEqual(apportion([3, 4]), [3, 4])
})
