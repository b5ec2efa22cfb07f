import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCollector } from '../../collector/collector.ts'
import type { CollectorOptions } from '../../collector/options.ts'
import { openEmbeddedLog } from '../../log/embedded.ts'
import type { Judge, JudgeOutput } from '../../processor/watch/incident/judge.ts'
import { PART_PREFIX } from '../../processor/watch/incident/stateEntry.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import type { IncidentChange } from '../../schemas/incident.ts'
import { topics } from '../../schemas/topics.ts'

/** A real collector, log and watcher, whose clock stands where a test puts it. */
export interface Pipeline {
  /** Where beacons are sent. */
  readonly url: string
  /** Puts the clock, ms since the epoch. */
  clock(now_ms: number): void
  /** Puts the clock to a whole second and waits until the watcher has judged up to it and reported what changed. */
  judged(watermark_ms: number): Promise<JudgeOutput>
  close(): Promise<void>
}

export async function startPipeline({
  judge,
  start_ms,
  ...collectorOptions
}: {
  readonly judge: Judge
  readonly start_ms: number
} & Pick<CollectorOptions, 'keys' | 'trustedProxies'>): Promise<Pipeline> {
  let now = start_ms
  const clock = () => now
  const emit = () => {}
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-rehearsal-'))
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit, clock })
  const collector = createCollector({
    log,
    name: 'rehearsal',
    emit,
    clock,
    salt: 'rehearsal',
    addresses: false,
    tickEvery_ms: 20,
    batching: { linger_ms: 1 },
    ...collectorOptions,
  })
  await collector.app.listen({ port: 0, host: '127.0.0.1' })
  const reported: IncidentChange[] = []
  const judged = new Map<number, JudgeOutput>()
  const watcher = await startWatcher({
    log,
    createJudge: () => ({
      ...judge,
      // The incidents of all streams are made by the third stage; it has to come to the same ones.
      evaluate(moment) {
        const output = judge.evaluate(moment)
        judged.set(moment.watermark_ms, output)
        return { changes: [], state: output.state.filter(({ key }) => key.startsWith(PART_PREFIX)) }
      },
    }),
    plans: new Map(judge.planned.map((entry) => [entry.id, entry])),
    notifier: { restore: () => {}, take: (changes) => void reported.push(...changes) },
    emit,
    clock,
  })
  const isReported = ({ incident: { id, version } }: IncidentChange) =>
    reported.some(({ incident }) => incident.id === id && incident.version === version)
  return {
    url: `http://127.0.0.1:${(collector.app.server.address() as AddressInfo).port}/v1/beacons`,
    clock(now_ms) {
      now = now_ms
    },
    async judged(watermark_ms) {
      now = watermark_ms
      const patience = performance.now() + 30_000
      for (;;) {
        const output = judged.get(watermark_ms)
        if (output?.changes.every(isReported)) return output
        if (performance.now() > patience) throw new Error('the watcher does not judge')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    async close() {
      await collector.close()
      await watcher.close()
      await log.close()
      await rm(folder, { recursive: true })
    },
  }
}
