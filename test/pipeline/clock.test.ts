import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createCollector } from '../../collector/collector.ts'
import { openEmbeddedLog } from '../../log/embedded.ts'
import { loadConfig } from '../../main/config/load.ts'
import type { Context } from '../../main/context.ts'
import { startWatch } from '../../main/roles/watch.ts'
import type { Fact } from '../../schemas/facts.ts'
import { topics } from '../../schemas/topics.ts'

const HOUR = 3_600_000

/** Collector and watcher on one log, with a clock that can be set. */
async function setUp(folder: string) {
  const state = { off_ms: 0 }
  const clock = () => Date.now() + state.off_ms
  const facts: Fact[] = []
  const emit = (fact: Fact) => void facts.push(fact)
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit, clock })
  const collector = createCollector({
    log,
    name: 'c',
    emit,
    clock,
    salt: 's',
    addresses: false,
    tickEvery_ms: 100,
  })
  await collector.app.ready()
  const config = loadConfig({ environment: {}, flags: {} })
  const watch = await startWatch({ config, emit, clock, name: 'w' } as Context, log)
  return {
    state,
    facts,
    watch,
    /** In so many turns of 50 ms: the time in which this process is held up by others does not count. */
    async ready(turns: number) {
      let reason = watch.readiness()
      for (let turn = 0; turn < turns; turn += 1, reason = watch.readiness()) {
        const judged = facts.findLast(({ type }) => type === 'watermark') as
          | { lag_seconds?: number }
          | undefined
        if (reason === undefined && Math.abs(judged?.lag_seconds ?? 99) < 5) return
        await pause(50)
      }
      assert.fail(`not ready after ${turns} turns of 50 ms: ${reason}`)
    },
    async close() {
      await watch.close()
      await collector.close()
      await log.close()
    },
  }
}

test('judging goes on within seconds after a clock that was ahead, or behind, is set right, after a restart too', async (t) => {
  const clockIs = async (off_ms: number): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'firstframe-clock-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const first = await setUp(folder)
    await first.ready(160)
    first.state.off_ms = off_ms
    await pause(2_500)
    first.state.off_ms = 0
    await first.ready(160)
    await first.close()
    const ahead = await setUp(folder)
    await ahead.ready(160)
    ahead.state.off_ms = off_ms
    await pause(2_500)
    await ahead.close()
    const second = await setUp(folder)
    await second.ready(160)
    await second.close()
  }
  await Promise.all([HOUR, 300_000, -HOUR].map(clockIs))
})
