import { XMLParser } from 'fast-xml-parser'
import type { ClientContext } from '../../schemas/envelope.ts'
import { increase, kbpsOf, known, numberOf } from '../counters.ts'
import type { EventGroup } from '../route.ts'
import { trackStreams } from '../trackStreams.ts'

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

function readStream(app: string, stream: Node): StatStream {
  const clients = list(stream.client)
  const publisher = clients.find((client) => 'publishing' in client)
  const video = node(node(stream.meta).video)
  return {
    app,
    name: String(stream.name ?? ''),
    publishing: 'publishing' in stream,
    time_ms: numberOf(stream.time),
    bytes_in: numberOf(stream.bytes_in),
    bytes_out: numberOf(stream.bytes_out),
    nclients: numberOf(stream.nclients),
    dropped: clients.reduce((sum, client) => sum + (numberOf(client.dropped) ?? 0), 0),
    avsync: numberOf(publisher?.avsync),
    width: numberOf(video.width),
    height: numberOf(video.height),
  }
}

/** Reads the stat page (`rtmp_stat all`). Throws when it is none. */
export function readStat(xml: string): StatStream[] {
  const root = node(parser.parse(xml)).rtmp
  if (root === undefined) throw new Error('this is not a stat page of nginx-rtmp')
  return list(node(root).server).flatMap((server) =>
    list(server.application).flatMap((application) =>
      list(node(application.live).stream).map((stream) => readStream(String(application.name ?? ''), stream)),
    ),
  )
}

export interface StatOptions {
  readonly node: string
  readonly context?: ClientContext
  /** Only this application's streams. Default: all. */
  readonly app?: string
}

/**
 * A reader for `startPoller`. Bitrates come from differences of the byte counters: the page's own `bw_in` is a mean
 * that moves every 10 s. The page's `frame_rate` is what the encoder declared, so no fps is told (see `tap/`).
 */
export function nginxRtmpStat(options: StatOptions): (xml: string, at_ms: number) => EventGroup[] {
  const track = trackStreams<StatStream>({
    source: 'nginx-rtmp',
    hop: 'ingest',
    node: options.node,
    ...(options.context ? { context: options.context } : {}),
    streamOf: (stream) => stream.name,
    publishing: (stream) => stream.publishing,
    fields: (now, before, interval_ms) => {
      const between_ms = increase(now.time_ms, before?.time_ms) ?? interval_ms
      const bytes_in = increase(now.bytes_in, before?.bytes_in)
      const bytes_out = increase(now.bytes_out, before?.bytes_out)
      return known({
        bytes_in,
        bytes_out,
        bitrate_in_kbps: kbpsOf(bytes_in, between_ms),
        bitrate_out_kbps: kbpsOf(bytes_out, between_ms),
        clients: now.nclients === undefined ? undefined : Math.max(0, now.nclients - 1),
        frames_dropped: increase(now.dropped, before?.dropped),
        av_offset_ms: now.avsync,
        width: now.width,
        height: now.height,
      })
    },
  })
  return (xml, at_ms) =>
    track(
      readStat(xml).filter((stream) => options.app === undefined || stream.app === options.app),
      at_ms,
    )
}
