import { XMLParser } from 'fast-xml-parser'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { EventGroup } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type NumberReader, numberReader } from '../../schemas/readNumber.ts'
import { increase, kbpsOf, known } from '../counters.ts'
import type { PolledSource } from '../poller.ts'
import { trackStreams } from '../trackStreams.ts'
import { PUSH_AGENT, type PushReading, pushEvents } from './pushes.ts'

/** A stat page: which worker wrote it, and that worker's streams. */
export interface StatPage {
  /** The worker's process id; '' where the page has none. */
  readonly pid: string
  readonly streams: readonly StatStream[]
}

/** A stream on nginx-rtmp's stat page. */
export interface StatStream {
  readonly app: string
  readonly name: string
  readonly publishing: boolean
  /** The server's own age of the stream, ms: times the counters better than the answer's arrival. */
  readonly time_ms: number | undefined
  readonly bytes_in: number | undefined
  readonly bytes_out: number | undefined
  /** The publisher is counted too. */
  readonly nclients: number | undefined
  readonly dropped: number | undefined
  /** Sound's timestamp minus the picture's at the publisher, ms. */
  readonly avsync: number | undefined
  readonly pushed: PushReading
  readonly width: number | undefined
  readonly height: number | undefined
}

type Node = Readonly<Record<string, unknown>>

const LISTS = new Set(['server', 'application', 'stream', 'client'])
const parser = new XMLParser({
  isArray: (name) => LISTS.has(name),
  parseTagValue: false,
  processEntities: true,
})

const list = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each !== null) : []
const node = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {})

/** A stream that another worker pushes here over a socket file (`rtmp_auto_push`); its own worker reports it. */
const isRelay = (client: Node | undefined): boolean => String(client?.address ?? '').startsWith('unix:')

function readStream(app: string, stream: Node, number: NumberReader): StatStream {
  const clients = list(stream.client)
  const publisher = clients.find((client) => 'publishing' in client)
  const video = node(node(stream.meta).video)
  return {
    app,
    name: String(stream.name ?? ''),
    publishing: 'publishing' in stream && !isRelay(publisher),
    time_ms: number('time', stream.time),
    bytes_in: number('bytes_in', stream.bytes_in),
    bytes_out: number('bytes_out', stream.bytes_out),
    nclients: number('nclients', stream.nclients),
    dropped: clients.reduce((sum, client) => sum + (number('dropped', client.dropped) ?? 0), 0),
    avsync: number('avsync', publisher?.avsync, { min: -600_000, max: 600_000 }),
    pushed: {
      source_ms: number('timestamp', publisher?.timestamp),
      pushes: clients
        .filter(({ flashver, address }) => flashver === PUSH_AGENT && !String(address).startsWith('unix:'))
        .map((client) => ({
          address: String(client.address ?? ''),
          timestamp_ms: number('timestamp', client.timestamp),
          dropped: number('dropped', client.dropped),
        })),
    },
    width: number('width', video.width, { max: 65_535 }) || undefined,
    height: number('height', video.height, { max: 65_535 }) || undefined,
  }
}

/** Reads the stat page (`rtmp_stat all`). Throws when it is none. */
export function readStat(xml: string, number: NumberReader): StatPage {
  const root = node(parser.parse(xml)).rtmp
  if (root === undefined) throw new Error('this is not a stat page of nginx-rtmp')
  // A page that was cut off on its way lists only some of the streams.
  if (!/<\/rtmp>\s*$/.test(xml)) throw new Error('the stat page is cut off')
  const streams = list(node(root).server).flatMap((server) =>
    list(server.application).flatMap((application) =>
      list(node(application.live).stream).map((stream) =>
        readStream(String(application.name ?? ''), stream, number),
      ),
    ),
  )
  return { pid: String(node(root).pid ?? ''), streams }
}

export interface StatOptions {
  readonly node: string
  readonly context?: ClientContext
  /** Only this application's streams. Default: all. */
  readonly app?: string
  /** Where each stream is pushed to, `host:port/app`: one that is not connected is down. */
  readonly pushes?: readonly string[]
  readonly emit: Emit
}

/**
 * A reader for `startPoller`. Bitrates come from differences of the byte counters: the page's own `bw_in` is a mean
 * that moves every 10 s. The page's `frame_rate` is what the encoder declared, so no fps is reported (see `tap/`).
 * A page lists one worker's streams: after a reload, or with several workers, another page may be another worker's.
 */
export function nginxRtmpStat(options: StatOptions): PolledSource['read'] {
  const number = numberReader('nginx-rtmp', options.emit)
  const track = trackStreams<StatStream>({
    source: 'nginx-rtmp',
    hop: 'ingest',
    node: options.node,
    context: options.context,
    streamOf: (stream) => stream.name,
    publishing: (stream) => stream.publishing,
    placeOf: (stream) => stream.app,
    fields: (now, before, interval_ms) => {
      const between_ms = increase(now.time_ms, before?.time_ms) ?? interval_ms
      const bytes_in = increase(now.bytes_in, before?.bytes_in)
      const bytes_out = increase(now.bytes_out, before?.bytes_out)
      return known({
        bytes_in,
        bytes_out,
        bitrate_in_kbps: kbpsOf(bytes_in, between_ms),
        bitrate_out_kbps: kbpsOf(bytes_out, between_ms),
        clients:
          now.nclients === undefined ? undefined : Math.max(0, now.nclients - 1 - now.pushed.pushes.length),
        frames_dropped: increase(now.dropped, before?.dropped),
        av_offset_ms: now.avsync,
        width: now.width,
        height: now.height,
      })
    },
  })
  let before = new Map<string, PushReading>()
  let last_ms: number | undefined
  return ([xml = ''], at_ms) => {
    const { pid, streams } = readStat(xml, number)
    const wanted = streams.filter((stream) => options.app === undefined || stream.app === options.app)
    const interval_ms = Math.round(at_ms - (last_ms ?? at_ms))
    last_ms = at_ms
    const pushed = wanted
      .filter((stream) => stream.publishing)
      .map((stream): EventGroup => {
        const events = pushEvents(stream.pushed, before.get(stream.name), {
          promised: options.pushes ?? [],
          interval_ms,
        })
        return { source: 'nginx-rtmp', context: { ...options.context, stream: stream.name }, events }
      })
    before = new Map(wanted.map((stream) => [stream.name, stream.pushed]))
    return [
      ...track(wanted, at_ms, { scope: pid, complete: pid !== '' }),
      ...pushed.filter(({ events }) => events.length > 0),
    ]
  }
}
