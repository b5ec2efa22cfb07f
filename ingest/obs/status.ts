import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { NumberReader } from '../../schemas/readNumber.ts'
import { increase, kbpsOf, known } from '../counters.ts'

type Values = Readonly<Record<string, unknown>>

/** One look at OBS: its answers to `GetStreamStatus` and `GetStats`, and when. */
export interface ObsLook {
  readonly at_ms: number
  readonly stream: Values
  readonly stats: Values
}

/**
 * OBS's own view of the encoder. Its counters do not go back when a stream stops, so an output that is not active
 * says nothing; one that has just stopped says so, once.
 */
export function obsEvent(
  now: ObsLook,
  before: ObsLook | undefined,
  node: string,
  number: NumberReader,
): BeaconEvent<'hop'> | undefined {
  const active = now.stream.outputActive === true
  const was = before?.stream.outputActive === true
  if (!active) return was ? { kind: 'hop', hop: 'encoder', node, status: 'down', event: 'end' } : undefined
  const last = was ? before : undefined
  const interval_ms = last === undefined ? 0 : Math.max(0, Math.round(now.at_ms - last.at_ms))
  const grew = (name: string) => increase(number(name, now.stream[name]), number(name, last?.stream[name]))
  const bytes_out = grew('outputBytes')
  const skipped = grew('outputSkippedFrames')
  const missed = increase(
    number('renderSkippedFrames', now.stats.renderSkippedFrames),
    number('renderSkippedFrames', last?.stats.renderSkippedFrames),
  )
  const cpu = number('cpuUsage', now.stats.cpuUsage, { max: 100_000 })
  const memory = number('memoryUsage', now.stats.memoryUsage)
  const congestion = number('outputCongestion', now.stream.outputCongestion)
  return {
    kind: 'hop',
    hop: 'encoder',
    node,
    interval_ms,
    status: now.stream.outputReconnecting === true ? 'reconnecting' : 'up',
    ...known({
      event: last === undefined ? 'publish' : undefined,
      bytes_out,
      bitrate_out_kbps: kbpsOf(bytes_out, interval_ms),
      fps_out: number('activeFps', now.stats.activeFps, { max: 1000 }),
      frames: grew('outputTotalFrames'),
      frames_dropped:
        skipped === undefined && missed === undefined ? undefined : (skipped ?? 0) + (missed ?? 0),
      congestion_ratio: congestion === undefined ? undefined : Math.min(1, Math.max(0, congestion)),
      render_ms: number('averageFrameRenderTime', now.stats.averageFrameRenderTime, { max: 3_600_000 }),
      cpu_ratio: cpu === undefined ? undefined : cpu / 100,
      memory_bytes: memory === undefined ? undefined : Math.round(memory * 1024 * 1024),
    }),
  }
}
