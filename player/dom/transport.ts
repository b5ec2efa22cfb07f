import { ADVICE, type TimeAnswer } from '../../schemas/beacon.ts'
import { guard } from '../core/guard.ts'
import type { PostAnswer } from '../core/sender.ts'

const PATIENCE_MS = 10_000

/** A deadline for a request, where the browser can set one. */
const patience = (): RequestInit =>
  typeof AbortSignal.timeout === 'function' ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {}

const parse = guard((text: string): PostAnswer['answer'] => JSON.parse(text))

/** Posts beacons to `${url}/v1/beacons`: text/plain needs no preflight, and leaves with a closing tab. */
export const postBeacon =
  (url: string) =>
  async (body: string, alive: boolean): Promise<PostAnswer> => {
    const to = `${url}/v1/beacons`
    try {
      // A browser without keepalive has only this for a page that goes.
      const plain = alive && document.visibilityState === 'hidden' && !('keepalive' in Request.prototype)
      if (plain) return { status: navigator.sendBeacon(to, body) ? 204 : 0 }
      const headers = { 'content-type': 'text/plain' }
      const response = await fetch(to, {
        ...{ method: 'POST', body, headers, credentials: 'omit', keepalive: alive },
        ...patience(),
      })
      return {
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        advice: response.headers.get(ADVICE),
        answer: parse(await response.text()),
      }
    } catch {
      return { status: 0 }
    }
  }

/** Asks `${url}/v1/time`. */
export const askTime = (url: string) => async (): Promise<TimeAnswer | undefined> => {
  try {
    const response = await fetch(`${url}/v1/time`, { cache: 'no-store', credentials: 'omit', ...patience() })
    return response.ok ? ((await response.json()) as TimeAnswer) : undefined
  } catch {
    return undefined
  }
}
