import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbeddedLog } from './embedded.ts'
import { openStateMap } from './stateMap.ts'

test('a state map shows the newest value of every key, across processes’ lives', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-state-'))
  const open = () =>
    openEmbeddedLog({
      path: folder,
      topics: [{ name: 't', partitions: 1, compacted: true }],
      emit: () => {},
      clock: Date.now,
    })
  let log = await open()
  let map = await openStateMap({ log, topic: 't', group: 'a' })
  const changed = new Promise<void>((resolve) =>
    map.onChange((key) => key === 'gone' && map.values.get('gone') === undefined && resolve()),
  )
  await map.put('x', '1')
  await map.put('x', '2')
  await map.put('gone', '3')
  await map.put('gone', null)
  await changed
  assert.deepEqual([...map.values], [['x', '2']])
  await map.close()
  await log.close()
  log = await open()
  map = await openStateMap({ log, topic: 't', group: 'b' })
  assert.deepEqual([...map.values], [['x', '2']])
  await map.close()
  await log.close()
  await rm(folder, { recursive: true })
})
