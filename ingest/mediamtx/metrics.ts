import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import { numberReader } from '../../schemas/readNumber.ts'
import { increase, kbpsOf, known } from '../counters.ts'
import type { PolledSource } from '../poller.ts'
import { readPrometheus, type Sample } from '../prometheus/readPrometheus.ts'
import { trackStreams } from '../trackStreams.ts'

/** One path of MediaMTX, gathered from the page. */
interface Path {
  readonly name: string
  ready: boolean
  /** Readers of each protocol (`readerType`); '' where the page gives one number for all. */
  readonly readers: Map<string, number>
  bytes_in?: number
  bytes_out?: number
  frames_in_error?: number
  discarded?: number
  rtt_ms?: number
  received?: number
  lost?: number
}

/** A path that somebody publishes: `ready`, in later versions `online`; a suffix does not change it. */
const isReady = (state: string): boolean => /^(ready|online|available)/i.test(state)

const plus = (sum: number | undefined, more: number | undefined) =>
  more === undefined ? sum : (sum ?? 0) + more

/** Sums of a publisher's packets, whatever its protocol names them. */
const RECEIVED = /_(?:packets_received|inbound_rtp_packets|rtp_packets_received)$/
const LOST = /_(?:packets_received_loss|inbound_rtp_packets_lost|rtp_packets_lost)$/

/**
 * The page's samples by path. Packets and round trips are the publisher's (`state="publish"`); a protocol has a metric
 * for each of its connections, and `paths_readers` one for each protocol: they are added.
 */
function pathsOf(
  samples: readonly Sample[],
  read: (name: string, value: number) => number | undefined,
): Path[] {
  const paths = new Map<string, Path>()
  const pathOf = (name: string): Path => {
    const path = paths.get(name) ?? { name, ready: false, readers: new Map() }
    paths.set(name, path)
    return path
  }
  for (const { name, labels, value: written } of samples) {
    const owner = name.startsWith('paths') || name.startsWith('hls_muxers') ? labels.name : labels.path
    if (owner === undefined || owner === '') continue
    const path = pathOf(owner)
    const value = read(name, written)
    if (value === undefined) continue
    const publisher = labels.state === undefined || labels.state === 'publish'
    if (name === 'paths') path.ready ||= isReady(labels.state ?? '') && value > 0
    else if (name === 'paths_readers') {
      const type = labels.readerType ?? labels.reader_type ?? labels.type ?? ''
      path.readers.set(type, (path.readers.get(type) ?? 0) + value)
    } else if (name === 'paths_inbound_bytes' || name === 'paths_bytes_received') path.bytes_in = value
    else if (name === 'paths_outbound_bytes' || name === 'paths_bytes_sent') path.bytes_out = value
    else if (name === 'paths_inbound_frames_in_error') path.frames_in_error = value
    else if (name.endsWith('_outbound_frames_discarded')) path.discarded = plus(path.discarded, value)
    else if (!publisher) continue
    else if (name === 'srt_conns_ms_rtt') path.rtt_ms = value
    else if (LOST.test(name)) path.lost = plus(path.lost, value)
    else if (RECEIVED.test(name)) path.received = plus(path.received, value)
  }
  return [...paths.values()]
}

/** All readers of a path. Where the page counts by protocol, a total without one would count them twice. */
function readersOf({ readers }: Path): number | undefined {
  const typed = [...readers].filter(([type]) => type !== '')
  if (typed.length === 0) return readers.get('')
  return typed.reduce((sum, [, count]) => sum + count, 0)
}

export interface MediamtxOptions {
  readonly node: string
  readonly context?: ClientContext
  readonly emit: Emit
}

/** A reader of MediaMTX's `/metrics` for `startPoller`. The page lists every path. */
export function mediamtxMetrics(options: MediamtxOptions): PolledSource['read'] {
  const number = numberReader('mediamtx', options.emit)
  const track = trackStreams<Path>({
    source: 'mediamtx',
    hop: 'ingest',
    node: options.node,
    context: options.context,
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
        clients: readersOf(now),
        frames_dropped: plus(plus(undefined, discarded), in_error),
        rtt_ms: now.rtt_ms,
        packet_loss_ratio: packets > 0 ? lost! / packets : undefined,
      })
    },
  })
  return ([text = ''], at_ms) => {
    const samples = readPrometheus(text)
    if (!samples.some(({ name }) => /^(paths|hls_|rtsp_|rtmp_|srt_|webrtc_)/.test(name)))
      throw new Error('this is not a metrics page of MediaMTX')
    // `/metrics?type=…` leaves the paths out; a page that was cut off has no line end.
    const complete = samples.some(({ name }) => name === 'paths') && text.endsWith('\n')
    return track(pathsOf(samples, number), at_ms, { scope: '', complete })
  }
}
