import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type EmbeddedLog, openEmbeddedLog } from '../log/embedded.ts'
import { HEADERS, topicOf, topics } from '../schemas/topics.ts'
import { backUp, restore, verifyBackup } from './backup.ts'
import { loadConfig } from './config/load.ts'
import { examine } from './doctor.ts'
import { keptSecret } from './keptSecret.ts'

const TOPIC = topicOf('heartbeat')
const PARTITION = { topic: TOPIC, partition: 0 }

const open = (data: string): Promise<EmbeddedLog> =>
  openEmbeddedLog({
    path: join(data, 'log'),
    topics: topics(1),
    durableGroups: ['write', 'watch'],
    emit: () => {},
    clock: Date.now,
  })

/** Appends messages of ten rows, of which the writer has the first `written` in all. */
async function fill(data: string, count: number, written: number): Promise<void> {
  const log = await open(data)
  const headers = { [HEADERS.type]: 'rows', [HEADERS.rows]: '10' }
  for (let index = 0; index < count; index += 1)
    await log.append([{ ...PARTITION, headers, value: Buffer.from(`m${index}`) }])
  const subscription = await log.subscribe({
    group: 'write',
    topics: [TOPIC],
    autoCommit: false,
    handler: async () => {},
  })
  await subscription.commit(PARTITION, { offset: written })
  await log.close()
}

const place = async (data: string): Promise<number | undefined> => {
  const log = await open(data)
  const commit = log.committed('write', PARTITION)
  await log.close()
  return commit?.offset
}

async function folders(t: { after(done: () => Promise<void>): void }) {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-backup-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  await mkdir(join(data, 'store'), { recursive: true })
  await writeFile(join(data, 'store', 'part'), 'as it was')
  keptSecret(data, 'secret', '')
  return { folder, data }
}

test('a backup brings the store back, and the writer goes on from what that store has', async (t) => {
  const { folder, data } = await folders(t)
  await fill(data, 6, 4)
  const made = await backUp({ data, to: folder, version: '1', now_ms: 1_000 })
  await fill(data, 5, 11)
  await writeFile(join(data, 'store', 'part'), 'broken')
  const { rows_again, missing, aside } = await restore({
    data,
    from: made.folder,
    part: 'store',
    now_ms: 2_000,
  })
  assert.deepEqual({ rows_again, missing }, { rows_again: 70, missing: {} })
  assert.equal(await readFile(join(data, 'store', 'part'), 'utf8'), 'as it was')
  assert.equal(await readFile(join(aside, 'part'), 'utf8'), 'broken')
  assert.equal(await place(data), 4)
})

test('a whole restore brings log and secret back; a changed backup is refused by the file', async (t) => {
  const { folder, data } = await folders(t)
  await fill(data, 3, 3)
  const secret = keptSecret(data, 'secret', '')
  const made = await backUp({ data, to: folder, version: '1', now_ms: 1_000 })
  await writeFile(join(data, 'secret'), '')
  await writeFile(join(data, 'log', 'data.mdb'), 'broken')
  await restore({ data, from: made.folder, part: 'all', now_ms: 2_000 })
  assert.equal(keptSecret(data, 'secret', ''), secret)
  assert.equal(await place(data), 3)
  await writeFile(join(made.folder, 'data', 'store', 'part'), 'as it wax')
  await assert.rejects(verifyBackup(made.folder), /the backup is damaged: .*part is not what was written/)
})

test('without a backup the store is built from what the log has', async (t) => {
  const { data } = await folders(t)
  await fill(data, 6, 6)
  const { rows_again } = await restore({ data, from: undefined, part: 'store', now_ms: 2_000 })
  assert.equal(rows_again, 60)
  assert.equal(await place(data), 0)
})

test('the doctor names each broken part and how to mend it', async (t) => {
  const { data } = await folders(t)
  await fill(data, 3, 3)
  const config = loadConfig({ environment: {}, flags: { data } })
  const look = async () =>
    Object.fromEntries(
      (await examine({ config, file: undefined, version: '1', now: Date.now })).map(
        ({ check, state, text }) => [check, `${state} ${text}`],
      ),
    )
  const healthy = await look()
  for (const check of ['versions', 'config', 'data', 'clock', 'secret', 'log', 'store'])
    assert.match(healthy[check]!, /^ok /, check)
  await writeFile(join(data, 'secret'), 'ab')
  await writeFile(join(data, 'clock'), String(Date.now() + 3_600_000))
  await writeFile(join(data, 'log', 'data.mdb'), Buffer.alloc(9_000, 7))
  const broken = await look()
  assert.match(broken.secret!, /^bad .*is damaged.*remove it/)
  assert.match(broken.clock!, /^bad .*-3600 s.*--confirm-clock/)
  assert.match(broken.log!, /^bad .*is damaged.*Move the folder/)
})
