import { ADVICE, type TimeAnswer } from '../../schemas/beacon.ts'
import type { PlainHost } from './monitorPlain.ts'

const parse = (text: string) => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The host of containers with `fetch` and timers: React Native, workers, Node. */
export const fetchHost = (): PlainHost => ({
  now: () => globalThis.performance?.now?.() ?? Date.now(),
  wall: () => Date.now(),
  later: (run, ms) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  post: async (url, body) => {
    try {
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
      const answer = parse(await response.text())
      const { status, headers } = response
      return { status, retryAfter: headers.get('retry-after'), advice: headers.get(ADVICE), answer }
    } catch {
      return { status: 0 }
    }
  },
  time: async (url) => {
    try {
      const response = await fetch(url)
      return response.ok ? ((await response.json()) as TimeAnswer) : undefined
    } catch {
      return undefined
    }
  },
})
