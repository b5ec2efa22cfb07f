import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from '@sinclair/typebox/value'
import { parse } from 'yaml'
import { ReceiverConfig } from './receiverConfig.ts'
import { RECEIVER_EXAMPLES, receiverPage } from './receiverPage.ts'

test('every example of the page is a receiver as it stands there', () => {
  const blocks = [...receiverPage().matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, block]) => (parse(block!) as { receivers: unknown[] }).receivers[0],
  )
  assert.deepEqual(blocks, Object.values(RECEIVER_EXAMPLES))
  for (const block of blocks) assert.deepEqual([...Value.Errors(ReceiverConfig, block)], [])
})
