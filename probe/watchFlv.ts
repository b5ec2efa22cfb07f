import { flvSplitter } from '../media/flvTags.ts'
import type { Clock } from './clock.ts'
import type { HttpClient } from './http.ts'
import { liveRecorder } from './liveRecorder.ts'
import type { LiveFrame, Observations, PhaseSpan } from './observations.ts'
import { manifestFailure } from './source.ts'
import { connectionPhases } from './watchSegments.ts'

export interface WatchFlvOptions {
  readonly url: string
  readonly http: HttpClient
  readonly clock: Clock
  /** How long to stay after the first media. */
  readonly duration_ms: number
  /** How long to wait for the first media. */
  readonly timeout_ms: number
  readonly signal?: AbortSignal
  readonly onFrame?: (frame: LiveFrame) => void
}

/** Watches an endless FLV over HTTP. The answer's headers count as the manifest: they say that there is a stream. */
export async function watchFlv(options: WatchFlvOptions): Promise<Observations> {
  const { url, http, clock, duration_ms, timeout_ms } = options
  const started_ms = clock()
  const split = flvSplitter()
  const recorder = liveRecorder(clock, options.onFrame)
  const over = new AbortController()
  const stop = () => over.abort()
  options.signal?.addEventListener('abort', stop)
  let timer = setTimeout(stop, timeout_ms)
  let begun = false
  const onChunk = (chunk: Buffer): boolean => {
    const { tags, broken } = split(chunk)
    for (const tag of tags) recorder.take(tag)
    if (broken !== undefined) {
      recorder.noteBroken(broken)
      return false
    }
    if (!begun && recorder.firstMedia_ms() !== undefined) {
      begun = true
      clearTimeout(timer)
      timer = setTimeout(stop, duration_ms)
    }
    return true
  }
  const exchange = await http.get(url, {
    onChunk,
    discard: true,
    signal: over.signal,
    timeout_ms: timeout_ms + duration_ms + 1_000,
  })
  clearTimeout(timer)
  options.signal?.removeEventListener('abort', stop)
  const ended_ms = clock()
  const closed = !over.signal.aborted && !exchange.timedOut
  const answered_ms =
    started_ms + (exchange.dns_ms ?? 0) + (exchange.tcp_ms ?? 0) + (exchange.tls_ms ?? 0) + exchange.wait_ms
  const phases: PhaseSpan[] = connectionPhases(exchange, answered_ms)
  const firstMedia_ms = recorder.firstMedia_ms()
  const keyFrame_ms = recorder.firstKeyFrame_ms()
  if (firstMedia_ms !== undefined) {
    const from_ms = answered_ms - started_ms
    phases.push({ phase: 'first_byte_ms', from_ms, ms: Math.max(0, firstMedia_ms - answered_ms) })
    if (keyFrame_ms !== undefined) {
      phases.push({
        phase: 'first_key_frame_ms',
        from_ms: firstMedia_ms - started_ms,
        ms: keyFrame_ms - firstMedia_ms,
      })
    }
  }
  // a stream that never ends is not late: only an answer that never began is
  const began = exchange.status >= 200 && exchange.status < 300
  const failure = began
    ? undefined
    : over.signal.aborted && exchange.status === 0 && exchange.failure === undefined
      ? { reason: 'manifest_timed_out' as const, detail: `no answer in ${timeout_ms} ms` }
      : manifestFailure(exchange)
  return {
    url,
    protocol: 'http-flv',
    started_ms,
    ended_ms,
    phases,
    failure,
    certificate: exchange.certificate,
    renditions: [],
    followed: [],
    edges: [],
    pieces: [],
    variantFailures: [],
    ...(failure === undefined ? { live: recorder.result(closed ? ended_ms : undefined) } : {}),
    bytes: http.bytes(),
  }
}
