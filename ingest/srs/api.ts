import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type NumberReader, numberReader } from '../../schemas/readNumber.ts'
import { increase, kbpsOf, known, numberOf, perSecond } from '../counters.ts'
import type { PolledSource } from '../poller.ts'
import { objectIn, readObject, textIn, yesIn } from '../readJson.ts'
import { type Coverage, trackStreams } from '../trackStreams.ts'

type Stream = Readonly<Record<string, unknown>>

export interface SrsApiOptions {
  readonly url: string
  readonly node: string
  readonly context?: ClientContext
  readonly emit: Emit
}

/** Streams asked for at once. SRS gives 10 where `count` is left out, and never fewer than 10. */
const PAGE = 1_000
const DEFAULT_PAGE = 10

interface Page {
  readonly server: string
  readonly streams: readonly Stream[]
}

function readPage(json: string): Page {
  const answer = readObject(json)
  const code = numberOf(answer?.code) ?? 0
  if (code !== 0) throw new Error(`SRS answered code ${code}`)
  if (!Array.isArray(answer?.streams)) throw new Error('this is not /api/v1/streams of SRS')
  return { server: textIn(answer.server), streams: answer.streams.map(objectIn) }
}

const idOf = (stream: Stream): string => textIn(stream.id) || `${textIn(stream.app)}/${textIn(stream.name)}`

const placeOf = ({ vhost, app, name }: Stream): string => [vhost, app, name].map(textIn).join(' ')

/** The pages' streams, each once. `grew`: the last page brought a stream that no page before it had. */
function mergePages(pages: readonly Page[]): { streams: Map<string, Stream>; grew: boolean } {
  const streams = new Map<string, Stream>()
  let grew = false
  for (const page of pages) {
    const before = streams.size
    for (const stream of page.streams) streams.set(idOf(stream), stream)
    grew = streams.size > before
  }
  return { streams, grew }
}

/** A page of fewer streams than were asked for is the last one, unless the server kept to its own default of 10. */
const isLast = ({ streams }: Page): boolean => streams.length < PAGE && streams.length !== DEFAULT_PAGE

/**
 * `/api/v1/streams` for `startPoller`, page by page (`start`, `count`) until a page brings nothing new. Rates come from
 * differences of `recv_bytes` and `frames`; the first reading has SRS's own mean over 30 s. `live_ms` is the server's
 * clock and not the stream's age: not read.
 */
export function srsStreams(options: SrsApiOptions): Pick<PolledSource, 'read' | 'next'> {
  const number = numberReader('srs', options.emit)
  const track = trackStreams<Stream>({
    source: 'srs',
    hop: 'ingest',
    node: options.node,
    context: options.context,
    streamOf: (stream) => textIn(stream.name),
    publishing: (stream) => yesIn(objectIn(stream.publish).active),
    placeOf,
    fields: (now, before, interval_ms) => streamFields(now, before, interval_ms, number),
  })
  const addressOf = (start: number): string => {
    const url = new URL(options.url)
    url.searchParams.set('start', String(start))
    url.searchParams.set('count', String(PAGE))
    return url.href
  }
  return {
    next: (bodies) => {
      if (bodies.length === 0) return addressOf(0)
      const pages = bodies.map(readPage)
      const { streams, grew } = mergePages(pages)
      return !grew || isLast(pages.at(-1)!) ? undefined : addressOf(streams.size)
    },
    read: (bodies, at_ms) => {
      const pages = bodies.map(readPage)
      const { streams } = mergePages(pages)
      // SRS lists in random order: of two streams with one name (two apps, two vhosts) the same one counts each time.
      const sorted = [...streams.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
      return track(sorted, at_ms, coverageOf(pages))
    },
  }
}

/** A list ends with a short page or an empty one. A page with nothing new says that the server ignores `start`. */
function coverageOf(pages: readonly Page[]): Coverage {
  const last = pages.at(-1)!
  const servers = new Set(pages.map(({ server }) => server))
  return {
    scope: last.server,
    complete: servers.size === 1 && (isLast(last) || last.streams.length === 0),
    // A stream that ends between two pages moves the others up: one of them may be on neither page.
    absences: pages.length > 1 ? 2 : 1,
  }
}

function streamFields(now: Stream, before: Stream | undefined, interval_ms: number, number: NumberReader) {
  const grew = (name: string) => increase(number(name, now[name]), number(name, before?.[name]))
  const rates = objectIn(now.kbps)
  const frames = grew('frames')
  const video = objectIn(now.video)
  const clients = number('clients', now.clients)
  return known({
    bytes_in: grew('recv_bytes'),
    bytes_out: grew('send_bytes'),
    bitrate_in_kbps: kbpsOf(grew('recv_bytes'), interval_ms) ?? number('recv_30s', rates.recv_30s),
    bitrate_out_kbps: kbpsOf(grew('send_bytes'), interval_ms) ?? number('send_30s', rates.send_30s),
    frames,
    fps_in: perSecond(frames, interval_ms),
    // The publisher is counted among the clients.
    clients: clients === undefined ? undefined : Math.max(0, clients - 1),
    width: number('width', video.width, { max: 65_535 }) || undefined,
    height: number('height', video.height, { max: 65_535 }) || undefined,
  })
}
