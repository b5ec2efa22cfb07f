import type { RequestTiming } from '../core/startupPhases.ts'

/**
 * The first request of an address as the browser timed it, or undefined when it keeps that to itself: the answer of
 * another origin needs `Timing-Allow-Origin`, and the browser's list of requests may be full.
 */
export function resourceTiming(url: string): RequestTiming | undefined {
  const { href } = new URL(url, document.baseURI)
  // A player that reports by CMCD adds its argument to the address after it has told it.
  const entry = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).find(
    ({ name }) => name === href || (name.startsWith(href) && /^[?&]CMCD=/.test(name.slice(href.length))),
  )
  if (!entry?.responseStart) return undefined
  const { secureConnectionStart: secure, connectEnd, connectStart } = entry
  return {
    start: entry.startTime,
    dns_ms: entry.domainLookupEnd - entry.domainLookupStart,
    tcp_ms: (secure || connectEnd) - connectStart,
    tls_ms: secure ? connectEnd - secure : 0,
    byte: entry.responseStart,
  }
}
