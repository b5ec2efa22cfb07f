import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForms } from '../../probe/testing/forms/matrix.ts'

test('every form of a live stream gets the right verdict', { timeout: 180_000 }, async () => {
  const results = await checkForms({ parallel: 12 })
  assert.ok(results.length >= 40)
  assert.deepEqual(
    results.filter(({ right }) => !right).map(({ form, findings }) => ({ form, findings })),
    [],
  )
})
