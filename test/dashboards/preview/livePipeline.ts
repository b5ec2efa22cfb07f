import { setTimeout as wait } from 'node:timers/promises'
import { createAudience } from '../../../console/testing/audience.ts'
import { sendAudience } from '../../../console/testing/sendAudience.ts'
import { startFirstframe } from '../../pipeline/firstframe.ts'
import { askPrometheus, type Prometheus, startPrometheus } from './prometheus.ts'

export interface LivePipeline {
  readonly consoleUrl: string
  readonly prometheus: string
  readonly show: string
  /** Since when it has run, ms since the epoch. */
  readonly from_ms: number
  stop(): Promise<void>
}

/** Beacons with something wrong: a field out of range, an unknown kind, no key. */
const BAD: readonly string[] = [
  '{"key":"demo","context":{"show":"gala","stream":"main","session":"bad"},"events":[{"kind":"heartbeat","seq":1,"interval_ms":10000,"played_ms":-5,"stalled_ms":0},{"kind":"nothing"}]}',
  '{"key":"nobody","events":[{"kind":"heartbeat"}]}',
]

/** A Firstframe with an audience and a real Prometheus that watches it, for the board about Firstframe itself. */
export async function startLivePipeline(): Promise<LivePipeline> {
  const from_ms = Date.now()
  const firstframe = await startFirstframe({ environment: { FIRSTFRAME_TRUSTED_PROXIES: '127.0.0.1' } })
  let prometheus: Prometheus
  try {
    prometheus = await startPrometheus([new URL(firstframe.consoleUrl).host])
  } catch (error) {
    await firstframe.dispose()
    throw error
  }
  const show = 'gala'
  const audience = createAudience({ show, sessions: 200, seed: 'pipeline', round_every_s: 30 })
  const sender = sendAudience({ url: firstframe.url, audience, clock: Date.now, key: firstframe.serverKey() })
  let stopped = false
  const bad = (async () => {
    while (!stopped) {
      for (const body of BAD) await fetch(`${firstframe.url}/v1/beacons`, { method: 'POST', body })
      await wait(700)
    }
  })()
  return {
    consoleUrl: firstframe.consoleUrl,
    prometheus: prometheus.url,
    show,
    from_ms,
    async stop() {
      stopped = true
      await bad
      await sender.stop()
      await prometheus.stop()
      await firstframe.dispose()
    },
  }
}

export const promqlOf =
  (url: string) => (expression: string, from_ms: number, to_ms: number, step_s: number) =>
    askPrometheus(url, expression, { from_ms, to_ms, step_s })
