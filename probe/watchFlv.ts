import type { Clock } from './clock.ts'
import type { HttpClient } from './http.ts'
import { liveRecorder } from './liveRecorder.ts'
import type { Observations, PhaseSpan } from './observations.ts'
import { flvDemuxer } from './parse/flv.ts'
import { manifestFailure } from './source.ts'
import { connectionPhases } from './watchSegments.ts'

export interface WatchFlvOptions {
  readonly url: string
  readonly http: HttpClient
  readonly clock: Clock
  /** How long to stay after the first media. */
  readonly durationMs: number
  /** How long to wait for the first media. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Watches an endless FLV over HTTP. The answer's headers count as the manifest: they say that there is a stream. */
export async function watchFlv(options: WatchFlvOptions): Promise<Observations> {
  const { url, http, clock, durationMs, timeoutMs } = options
  const startedMs = clock()
  const demuxer = flvDemuxer()
  const recorder = liveRecorder(clock)
  const over = new AbortController()
  const stop = () => over.abort()
  options.signal?.addEventListener('abort', stop)
  let timer = setTimeout(stop, timeoutMs)
  let begun = false
  const onChunk = (chunk: Buffer): boolean => {
    const { tags, broken } = demuxer.push(chunk)
    for (const tag of tags) recorder.take(tag)
    if (broken !== undefined) {
      recorder.noteBroken(broken)
      return false
    }
    if (!begun && recorder.firstMediaMs() !== undefined) {
      begun = true
      clearTimeout(timer)
      timer = setTimeout(stop, durationMs)
    }
    return true
  }
  const exchange = await http.get(url, {
    onChunk,
    discard: true,
    signal: over.signal,
    timeoutMs: timeoutMs + durationMs + 1_000,
  })
  clearTimeout(timer)
  options.signal?.removeEventListener('abort', stop)
  const endedMs = clock()
  const closed = !over.signal.aborted && !exchange.timedOut
  const answeredMs =
    startedMs + (exchange.dnsMs ?? 0) + (exchange.tcpMs ?? 0) + (exchange.tlsMs ?? 0) + exchange.waitMs
  const phases: PhaseSpan[] = connectionPhases(exchange, answeredMs)
  const firstMediaMs = recorder.firstMediaMs()
  const keyFrameMs = recorder.firstKeyFrameMs()
  if (firstMediaMs !== undefined) {
    const fromMs = answeredMs - startedMs
    phases.push({ phase: 'first_byte_ms', fromMs, ms: Math.max(0, firstMediaMs - answeredMs) })
    if (keyFrameMs !== undefined) {
      phases.push({
        phase: 'first_key_frame_ms',
        fromMs: firstMediaMs - startedMs,
        ms: keyFrameMs - firstMediaMs,
      })
    }
  }
  // a stream that never ends is not late: only an answer that never began is
  const began = exchange.status >= 200 && exchange.status < 300
  const failure = began
    ? undefined
    : over.signal.aborted && exchange.status === 0 && exchange.failure === undefined
      ? { reason: 'manifest_timed_out' as const, detail: `no answer in ${timeoutMs} ms` }
      : manifestFailure(exchange)
  return {
    url,
    protocol: 'http-flv',
    startedMs,
    endedMs,
    phases,
    ...(failure === undefined ? {} : { failure }),
    ...(exchange.certificate === undefined ? {} : { certificate: exchange.certificate }),
    renditions: [],
    followed: [],
    edges: [],
    pieces: [],
    variantFailures: [],
    ...(failure === undefined ? { live: recorder.result(closed ? endedMs : undefined) } : {}),
    bytes: http.bytes(),
  }
}
