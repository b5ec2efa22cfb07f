import type { MediaFacts } from '../media/facts.ts'
import { NO_SAMPLES, readMp4 } from '../media/mp4.ts'
import { isPackedAudio, readPackedAudio } from '../media/packedAudio.ts'
import { readTransportStream } from '../media/transportStream.ts'
import { type Clock, pause } from './clock.ts'
import { keyRing, type Opened } from './decrypt.ts'
import type { Failure } from './failure.ts'
import type { Exchange, HttpClient } from './http.ts'
import type { PieceSeen } from './observations.ts'
import type { ByteRange, Piece, Track, TrackKind } from './parse/tracks.ts'

export interface PieceFetcherOptions {
  readonly http: HttpClient
  readonly clock: Clock
  readonly timeout_ms: number
  readonly signal: AbortSignal
}

export interface FetchedPiece {
  readonly seen: PieceSeen
  /** First media byte and first key frame, ms since the epoch; told only where `watchKeyFrame` asked. */
  readonly firstByte_ms?: number
  readonly keyFrame_ms?: number
}

export interface PieceFetcher {
  readonly fetch: (
    track: Track,
    piece: Piece,
    options: { sample: boolean; watchKeyFrame?: boolean },
  ) => Promise<FetchedPiece>
}

/** A segment just listed may take a moment to reach the edge: so often a player tries again, ms. */
const RETRIES_MS = [300, 900]
const FIRST_PARSE_BYTES = 4_096

/** No honest segment is larger: a minute at 50 Mbps has 375 MB, and none is a minute long. */
const SEGMENT_BYTES = 64 << 20
const INIT_BYTES = 4 << 20

const NO_BYTES = new Uint8Array(0)

/** Reads a segment by what it begins with. A playlist does not say which container it has. */
function readMedia(kind: TrackKind, init: Uint8Array | undefined, bytes: Uint8Array): MediaFacts {
  if (bytes[0] === 0x47) return readTransportStream(init === undefined ? bytes : Buffer.concat([init, bytes]))
  const start = Buffer.from(bytes.subarray(0, 64))
    .toString('utf8')
    .replace(/^\uFEFF/, '')
  if (start.startsWith('WEBVTT')) return readText(bytes)
  if (kind === 'text' && /^\s*</.test(start)) return { truncated: false, text: { cues: 0 } }
  if (isPackedAudio(bytes)) return readPackedAudio(bytes)
  const facts = readMp4(init ?? NO_BYTES, bytes)
  // Subtitles in MP4 (stpp, wvtt) have samples of neither picture nor sound.
  const subtitles = kind === 'text' && facts.problem === NO_SAMPLES
  return subtitles ? { truncated: facts.truncated, text: { cues: 0 } } : facts
}

function readText(bytes: Uint8Array): MediaFacts {
  const text = Buffer.from(bytes).toString('utf8')
  return { truncated: false, text: { cues: text.match(/-->/g)?.length ?? 0 } }
}

/** Fetches pieces of media as a player does: the init segment once, then each segment. A failed request is retried before the piece fails. */
export function pieceFetcher(options: PieceFetcherOptions): PieceFetcher {
  const { http, clock, timeout_ms, signal } = options
  const inits = new Map<string, Promise<{ exchange: Exchange; opened: Opened }>>()
  const keys = keyRing(http, timeout_ms, signal)

  const initOf = (piece: Piece): Promise<{ exchange: Exchange; opened: Opened }> | undefined => {
    if (piece.init === undefined) return undefined
    const { uri, range, key } = piece.init
    const name = `${uri}@${range?.offset ?? ''}`
    let coming = inits.get(name)
    if (coming === undefined) {
      coming = insist(uri, range, INIT_BYTES).then(async (exchange) => {
        const own = ranged(exchange, range)
        return { exchange, opened: await keys.open(own.body, key, piece.sequence) }
      })
      inits.set(name, coming)
    }
    return coming
  }

  const insist = async (
    uri: string,
    range: ByteRange | undefined,
    most_bytes: number,
    onChunk?: (chunk: Buffer) => boolean,
  ): Promise<Exchange> => {
    for (let attempt = 0; ; attempt++) {
      const exchange = await http.get(uri, {
        timeout_ms,
        signal,
        range,
        most_bytes,
        onChunk,
      })
      const again = RETRIES_MS[attempt]
      const refused = exchange.status === 401 || exchange.status === 403
      if (problemOf(exchange) === undefined || refused || again === undefined || signal.aborted)
        return exchange
      await pause(again, signal)
    }
  }

  const fetch: PieceFetcher['fetch'] = async (track, piece, { sample, watchKeyFrame = false }) => {
    const requested_ms = clock()
    const init = await initOf(piece)
    const init_bytes = init !== undefined && 'bytes' in init.opened ? init.opened.bytes : undefined
    let firstByte_ms: number | undefined
    let keyFrame_ms: number | undefined
    const chunks: Buffer[] = []
    let length = 0
    let parseAt = FIRST_PARSE_BYTES
    const watch = (chunk: Buffer): boolean => {
      firstByte_ms ??= clock()
      // Encrypted bytes say nothing before they are whole.
      if (keyFrame_ms !== undefined || piece.key !== undefined) return true
      chunks.push(chunk)
      length += chunk.length
      if (length < parseAt) return true
      // parsed again at each doubling: a key frame is noticed early at little cost
      parseAt = length * 2
      if (hasKeyFrame(readMedia(track.kind, init_bytes, Buffer.concat(chunks)))) keyFrame_ms = clock()
      return true
    }
    const exchange = ranged(
      await insist(piece.uri, piece.range, SEGMENT_BYTES, watchKeyFrame ? watch : undefined),
      piece.range,
    )
    const unfinished = signal.aborted && exchange.timedOut
    const had = (init === undefined ? undefined : problemOf(init.exchange)) ?? problemOf(exchange)
    const opened =
      had === undefined && !unfinished ? await keys.open(exchange.body, piece.key, piece.sequence) : undefined
    const failure = had ?? failureOf(init?.opened) ?? failureOf(opened)
    const sealed = sealOf(init?.opened) ?? sealOf(opened)
    const bytes = opened !== undefined && 'bytes' in opened ? opened : undefined
    const found =
      failure !== undefined || sealed !== undefined || bytes === undefined
        ? undefined
        : readMedia(track.kind, init_bytes, bytes.bytes)
    const media =
      found === undefined || bytes === undefined
        ? undefined
        : withSinglePicture(withSeal(found, bytes), piece.duration_ms)
    if (watchKeyFrame && media !== undefined && hasKeyFrame(media)) keyFrame_ms ??= clock()
    const seen: PieceSeen = {
      track: track.id,
      kind: track.kind,
      sequence: piece.sequence,
      part: piece.part,
      uri: piece.uri,
      requested_ms,
      arrived_ms: clock(),
      wait_ms: exchange.wait_ms || exchange.total_ms,
      status: exchange.status,
      bytes: exchange.bytes,
      declared_ms: piece.duration_ms,
      filmed_ms: piece.filmed_ms,
      discontinuity: piece.discontinuity,
      gap: piece.gap,
      missing: failure !== undefined && !unfinished,
      cut: exchange.cut,
      unfinished,
      failure: unfinished ? undefined : failure,
      media,
      sealed: sealed ?? (media?.encrypted ? 'its samples are encrypted' : undefined),
      sample,
    }
    return {
      seen,
      firstByte_ms,
      keyFrame_ms,
    }
  }
  return { fetch }
}

/** What decrypting said of a segment's end, and of a segment that cannot be read. */
function withSeal(
  media: MediaFacts,
  { truncated, unpadded = false }: Extract<Opened, { bytes: Buffer }>,
): MediaFacts {
  if (truncated) return { ...media, truncated: true }
  if (!unpadded) return media
  return media.problem === undefined
    ? { ...media, truncated: true }
    : { ...media, truncated: false, problem: `it does not decrypt with its key (${media.problem})` }
}

/** A single picture (slides, a still) does not tell how long it stands: then the playlist is believed. */
function withSinglePicture(media: MediaFacts, declared_ms: number): MediaFacts {
  const { video } = media
  if (video === undefined || video.frames !== 1) return media
  return { ...media, video: { ...video, end_ms: Math.max(video.end_ms, video.start_ms + declared_ms) } }
}

const failureOf = (opened: Opened | undefined): Failure | undefined =>
  opened !== undefined && 'failure' in opened ? opened.failure : undefined

const sealOf = (opened: Opened | undefined): string | undefined =>
  opened !== undefined && 'sealed' in opened ? opened.sealed : undefined

/** A server that does not know ranges answers with the whole file: the piece is cut out of it. */
function ranged(exchange: Exchange, range: ByteRange | undefined): Exchange {
  if (range === undefined || exchange.status !== 200) return exchange
  const body = exchange.body.subarray(range.offset, range.offset + range.length)
  return { ...exchange, body, bytes: body.length, cut: exchange.cut || body.length < range.length }
}

/** Audio-only streams have no key frame to wait for: any frame will do. */
const hasKeyFrame = (media: MediaFacts): boolean =>
  media.video === undefined
    ? media.audio !== undefined && media.problem === undefined
    : media.video.keyFrames_ms.length > 0

function problemOf(exchange: Exchange): Failure | undefined {
  const { status, failure, timedOut, url } = exchange
  const name = new URL(url).pathname
  if (failure !== undefined) return failure
  if (exchange.tooLarge) return { reason: 'too_large', detail: `${name}: more than a segment can have` }
  if (status === 401 || status === 403)
    return { reason: 'segment_forbidden', detail: `${name}: HTTP ${status}` }
  if (timedOut)
    return {
      reason: 'segment_missing',
      detail: `${name}: no whole answer in ${Math.round(exchange.total_ms)} ms`,
    }
  if (status < 200 || status >= 300) return { reason: 'segment_missing', detail: `${name}: HTTP ${status}` }
  return undefined
}
