import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbeddedLog } from '../../log/embedded.ts'
import type { LogMessage } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import { CHANGE_CAUSE_MS, changesBefore } from '../../schemas/change.ts'
import { HEADERS, topicOf, topics } from '../../schemas/topics.ts'
import { followChanges } from './changes.ts'
import { Desk } from './incident/desk.ts'
import { details } from './notify/message.ts'
import { exampleIncident } from './testing/incidentExample.ts'

const NOW = 1_900_000_000_000
const MIN = 60_000

/** A message of the log with one row, as a collector appends it. */
function message(row: Record<string, unknown>): LogMessage {
  const builder = createBuilder('change')
  builder.pushRow({ tenant: 'demo', received_time: NOW, ...row })
  const headers = {
    [HEADERS.type]: 'rows',
    [HEADERS.rows]: '1',
    [HEADERS.schema]: fingerprint('change'),
  }
  return { topic: topicOf('change'), partition: 0, headers, value: builder.finish() }
}

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setImmediate(resolve))
}

test('an incident names what was changed before it, in its show, for those whom it strikes; receivers get it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-changes-'))
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit: () => {}, clock: () => NOW })
  const clock = () => NOW
  // Before the watcher starts, and while it runs.
  await log.append([
    message({ event_time: NOW - 2 * MIN, show: 's', changed: 'config', version: '4.2', by: 'li' }),
  ])
  const followed = await followChanges({ log, group: 'changes-a', emit: () => {}, clock })
  t.after(async () => {
    await followed.close()
    await log.close()
    await rm(folder, { recursive: true })
  })
  await log.append([
    message({ event_time: NOW - 5 * MIN, changed: 'player', version: '7.1', detail: 'everywhere' }),
    message({ event_time: NOW - 1 * MIN, show: 'other', changed: 'config' }),
    message({ event_time: NOW - 1 * MIN, show: 's', cdn: 'cdn-a', changed: 'cdn' }),
    message({ event_time: NOW - CHANGE_CAUSE_MS - MIN, show: 's', changed: 'template' }),
    message({ event_time: NOW + MIN, show: 's', changed: 'after it began' }),
    message({ event_time: NOW - MIN, tenant: 'another', changed: 'config' }),
  ])
  await until(() => followed.changes.get('demo')?.length === 6)

  const part = exampleIncident({ id: 'i1', show: 's', stream: 'm', began_ms: NOW, cause: { cdn: 'cdn-b' } })
  const desk = new Desk({ emit: () => {}, plans: new Map(), changes: followed.changes })
  const { incident } = desk.step([part], NOW + 3_000).changes[0]!
  assert.deepEqual(
    incident.evidence.changes?.map(({ changed, version }) => `${changed} ${version}`),
    ['config 4.2', 'player 7.1'],
  )
  const first = { severity: 'critical', hop: 'edge', rule: 'r' }
  const rows = details({ event: 'page', incident, first }, 'en').filter(([name]) => name === 'Changed')
  assert.deepEqual(
    rows.map(([, value]) => value),
    ['2 min before: config 4.2, li', '5 min before: player 7.1: everywhere'],
  )
})

test('an incident names the three latest changes, whatever a pipeline floods', () => {
  const change = { changed: 'config', version: '', detail: '', by: '', scope: {} }
  const many = Array.from({ length: 9 }, (_, index) => ({ ...change, at_ms: NOW - index }))
  const struck = { began_ms: NOW, cause: {}, streams: [{ show: 's', stream: 'm' }] }
  assert.deepEqual(
    changesBefore(many, struck).map(({ at_ms }) => NOW - at_ms),
    [0, 1, 2],
  )
})
