import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openEmbeddedLog } from '../../../log/embedded.ts'
import { createBuilder } from '../../../schemas/arrow/builder.ts'
import { fingerprint } from '../../../schemas/arrow/schema.ts'
import { HEADERS, topicOf, topics } from '../../../schemas/topics.ts'
import type { Judge } from '../incident/judge.ts'
import { kindOf } from '../sourceTopics.ts'
import { createWatchCore } from '../watchCore.ts'
import { POOLED } from '../windows/pool.ts'
import type { StreamView } from '../windows/view.ts'
import { startStageOne } from './stageOne.ts'
import { startStageTwo } from './stageTwo.ts'

const PARTITIONS = 3
const folder = await mkdtemp(join(tmpdir(), 'firstframe-stages-'))
after(() => rm(folder, { recursive: true }))

/** A judge that only looks: what a second summed up to when it was judged. */
function watching(seen: Map<string, number>): Judge {
  return {
    evaluate({ views, watermark_ms }) {
      for (const view of views as Iterable<StreamView>) {
        for (const cdn of ['a', 'b']) {
          seen.set(
            `${view.stream} ${cdn} ${watermark_ms}`,
            view.total('stalled_ms_sum', watermark_ms - 5000, watermark_ms, { cdn }),
          )
        }
      }
      return { changes: [], state: [] }
    },
    snapshot: () => [],
    restore: () => {},
    plan: () => [],
    planned: [],
    incidents: [],
    seen: () => [],
    setRules: () => {},
  }
}

test('two stages over many partitions see what one watcher of everything sees, also after a first stage died', async () => {
  let now = Math.floor(Date.now() / 1000) * 1000 - 20_000
  const clock = () => now
  const log = await openEmbeddedLog({
    path: join(folder, 'log'),
    topics: topics(PARTITIONS),
    emit: () => {},
    clock,
  })
  const emit = () => {}
  const seen = new Map<string, number>()
  const direct = createWatchCore({ emit })
  const wanted = new Map<string, number>()
  let entry = await startStageOne({ log, emit, clock })
  const two = await startStageTwo({ log, createJudge: () => watching(seen), emit, clock })

  const first = now
  for (let second = 0; second < 12; second += 1) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const builder = createBuilder('heartbeat')
      for (let row = 0; row < 20; row += 1) {
        builder.pushRow({
          tenant: 'demo',
          show: 's',
          stream: `x${row % 4}`,
          session: `${partition}-${row}`,
          seq: second + 1,
          source: 'sdk',
          cdn: (row + partition) % 3 === 0 ? 'a' : 'b',
          interval_ms: 1000,
          stalled_ms: row + second,
          received_time: now + row * 40,
          event_time: now,
        })
      }
      const value = builder.finish()
      const headers = {
        [HEADERS.type]: 'rows',
        [HEADERS.rows]: '20',
        [HEADERS.schema]: fingerprint('heartbeat'),
      }
      await log.append([{ topic: topicOf('heartbeat'), partition, headers, value }])
      // A repeat of the same beacons counts nothing in either.
      if (second % 4 === 0) await log.append([{ topic: topicOf('heartbeat'), partition, headers, value }])
      direct.ingest({ kind: 'heartbeat', partition, bytes: value })
    }
    now += 1000
    const headers = { [HEADERS.type]: 'tick', [HEADERS.collector]: 'c1', [HEADERS.time]: String(now) }
    await log.append(
      [...kindOf.keys()].flatMap((topic) =>
        Array.from({ length: PARTITIONS }, (_, partition) => ({
          topic,
          partition,
          headers,
          value: new Uint8Array(),
        })),
      ),
    )
    direct.advance(now)
    for (const view of direct.windows.streams.values()) {
      // A pool begins when a watcher knows four streams: each source partition knows them at another row.
      if (view.show === POOLED && second < 6) continue
      for (const cdn of ['a', 'b'])
        wanted.set(`${view.stream} ${cdn} ${now}`, view.total('stalled_ms_sum', now - 5000, now, { cdn }))
    }
    if (second === 6) {
      await entry.close()
      entry = await startStageOne({ log, emit, clock })
    }
  }
  const until = Date.now() + 60_000
  while (two.watermark_ms < first + 12_000) {
    assert.ok(Date.now() < until, `judged until ${two.watermark_ms}, wanted ${first + 12_000}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await entry.close()
  await two.close()
  await log.close()
  let compared = 0
  for (const [key, value] of wanted) {
    if (!seen.has(key)) continue
    assert.equal(seen.get(key), value, key)
    compared += 1
  }
  assert.ok(compared >= 4 * 2 * 10, `${compared} figures compared`)
})
