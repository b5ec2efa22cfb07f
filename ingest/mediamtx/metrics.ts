import type { ClientContext } from '../../schemas/envelope.ts'
import { increase, kbpsOf, known, numberOf } from '../counters.ts'
import type { EventGroup } from '../route.ts'
import { trackStreams } from '../trackStreams.ts'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples of a page in Prometheus' text format, version 0.0.4; lines that are none are passed over. */
export function readPrometheus(text: string): Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line)
    if (found === null) continue
    const value = numberOf(found[3])
    if (value === undefined) continue
    const labels: Record<string, string> = Object.create(null)
    for (const [, name, quoted] of (found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name!] = quoted!.replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each))
    }
    samples.push({ name: found[1]!, labels, value })
  }
  return samples
}

/** One path of MediaMTX, gathered from the page. */
interface Path {
  readonly name: string
  ready: boolean
  readers: number | undefined
  bytes_in: number | undefined
  bytes_out: number | undefined
  frames_in_error: number | undefined
  discarded: number | undefined
  rtt_ms: number | undefined
  received: number | undefined
  lost: number | undefined
}

const plus = (sum: number | undefined, more: number) => (sum ?? 0) + more

/** The page's samples by path. SRT's belong to the path's publisher (`state="publish"`), others are added up. */
function pathsOf(samples: readonly Sample[]): Path[] {
  const paths = new Map<string, Path>()
  const pathOf = (name: string): Path => {
    const path = paths.get(name) ?? ({ name, ready: false } as Path)
    paths.set(name, path)
    return path
  }
  for (const { name, labels, value } of samples) {
    const of = name.startsWith('paths') ? labels.name : labels.path
    if (of === undefined || of === '') continue
    const path = pathOf(of)
    const publisher = labels.state === undefined || labels.state === 'publish'
    if (name === 'paths') path.ready ||= labels.state === 'ready' && value > 0
    else if (name === 'paths_readers') path.readers = value
    else if (name === 'paths_inbound_bytes' || name === 'paths_bytes_received') path.bytes_in = value
    else if (name === 'paths_outbound_bytes' || name === 'paths_bytes_sent') path.bytes_out = value
    else if (name === 'paths_inbound_frames_in_error') path.frames_in_error = value
    else if (name.endsWith('_outbound_frames_discarded')) path.discarded = plus(path.discarded, value)
    else if (publisher && name === 'srt_conns_ms_rtt') path.rtt_ms = value
    else if (publisher && name === 'srt_conns_packets_received') path.received = plus(path.received, value)
    else if (publisher && name === 'srt_conns_packets_received_loss') path.lost = plus(path.lost, value)
  }
  return [...paths.values()]
}

export interface MediamtxOptions {
  readonly node: string
  readonly context?: ClientContext
}

/** A reader of MediaMTX's `/metrics` for `startPoller`. */
export function mediamtxMetrics(options: MediamtxOptions): (text: string, at_ms: number) => EventGroup[] {
  const track = trackStreams<Path>({
    source: 'mediamtx',
    hop: 'ingest',
    node: options.node,
    ...(options.context ? { context: options.context } : {}),
    streamOf: (path) => path.name,
    publishing: (path) => path.ready,
    fields: (now, before, interval_ms) => {
      const bytes_in = increase(now.bytes_in, before?.bytes_in)
      const bytes_out = increase(now.bytes_out, before?.bytes_out)
      const discarded = increase(now.discarded, before?.discarded)
      const in_error = increase(now.frames_in_error, before?.frames_in_error)
      const lost = increase(now.lost, before?.lost)
      const received = increase(now.received, before?.received)
      const packets = lost === undefined || received === undefined ? 0 : lost + received
      return known({
        bytes_in,
        bytes_out,
        bitrate_in_kbps: kbpsOf(bytes_in, interval_ms),
        bitrate_out_kbps: kbpsOf(bytes_out, interval_ms),
        clients: now.readers,
        frames_dropped:
          discarded === undefined && in_error === undefined ? undefined : (discarded ?? 0) + (in_error ?? 0),
        rtt_ms: now.rtt_ms,
        packet_loss_ratio: packets > 0 ? lost! / packets : undefined,
      })
    },
  })
  return (text, at_ms) => {
    const samples = readPrometheus(text)
    if (samples.length === 0) throw new Error('this is not a metrics page of MediaMTX')
    return track(pathsOf(samples), at_ms)
  }
}
