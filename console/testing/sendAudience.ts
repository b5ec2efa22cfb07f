import { setTimeout as pause } from 'node:timers/promises'
import { BEACON_LIMITS } from '../../schemas/beacon.ts'
import type { Audience } from './audience.ts'

export interface AudienceSender {
  /** Beacons that were not taken. */
  failures(): number
  stop(): Promise<void>
}

/**
 * Lets an audience speak to a collector once a second. The collector has to trust this machine as a proxy
 * (`trusted_proxies`), since the network operator is told in a header.
 */
export function sendAudience(options: {
  readonly url: string
  readonly audience: Audience
  readonly clock: () => number
  /** A server key: an audience also says what encoders and edges would. */
  readonly key: string
}): AudienceSender {
  const { url, audience, clock, key } = options
  let failures = 0
  let busy: Promise<void> | undefined

  /** A busy collector answers 503, and is sent the same again, as players do. */
  async function send(headers: Readonly<Record<string, string>>, body: string): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const signal = AbortSignal.timeout(60_000)
      const answer = await fetch(`${url}/v1/beacons`, { method: 'POST', headers, body, signal }).catch(
        () => undefined,
      )
      await answer?.arrayBuffer()
      if (answer?.status === 204) return
      if (answer?.status !== 503) break
      await pause(100)
    }
    failures += 1
  }

  async function speak(): Promise<void> {
    const requests: Promise<void>[] = []
    for (const { isp, events } of audience.step(clock())) {
      for (let from = 0; from < events.length; from += BEACON_LIMITS.events) {
        const body = JSON.stringify({
          key,
          sent_ms: clock(),
          events: events.slice(from, from + BEACON_LIMITS.events),
        })
        const headers = {
          'content-type': 'text/plain',
          ...(isp === ''
            ? {}
            : { 'x-forwarded-for': '203.0.113.7', 'x-firstframe-isp': isp, 'x-firstframe-country': 'CN' }),
        }
        requests.push(send(headers, body))
      }
    }
    await Promise.all(requests)
  }

  const timer = setInterval(() => {
    busy ??= speak().finally(() => {
      busy = undefined
    })
  }, 1000)
  return {
    failures: () => failures,
    async stop() {
      clearInterval(timer)
      await busy
    },
  }
}
