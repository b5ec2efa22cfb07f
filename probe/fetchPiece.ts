import type { MediaFacts } from '../media/facts.ts'
import { readMp4 } from '../media/mp4.ts'
import { readTransportStream } from '../media/transportStream.ts'
import { type Clock, pause } from './clock.ts'
import type { Failure } from './failure.ts'
import type { Exchange, HttpClient } from './http.ts'
import type { PieceSeen } from './observations.ts'
import type { ByteRange, Piece, Track } from './parse/tracks.ts'

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

const readMedia = (init: Uint8Array | undefined, bytes: Uint8Array): MediaFacts =>
  init === undefined && bytes[0] === 0x47
    ? readTransportStream(bytes)
    : readMp4(init ?? new Uint8Array(0), bytes)

/** Fetches pieces of media as a player does: init segment once, then the segment; tries again before giving up. */
export function pieceFetcher(options: PieceFetcherOptions): PieceFetcher {
  const { http, clock, timeout_ms, signal } = options
  const inits = new Map<string, Promise<Exchange>>()

  const initOf = async (piece: Piece): Promise<Exchange | undefined> => {
    if (piece.init === undefined) return undefined
    const { uri, range } = piece.init
    const key = `${uri}@${range?.offset ?? ''}`
    const before = inits.get(key)
    if (before !== undefined) return before
    const coming = insist(uri, range)
    inits.set(key, coming)
    return coming
  }

  const insist = async (
    uri: string,
    range: ByteRange | undefined,
    onChunk?: (chunk: Buffer) => boolean,
  ): Promise<Exchange> => {
    for (let attempt = 0; ; attempt++) {
      const exchange = await http.get(uri, {
        timeout_ms,
        signal,
        range,
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
    const init_bytes = init?.body
    let firstByte_ms: number | undefined
    let keyFrame_ms: number | undefined
    const chunks: Buffer[] = []
    let length = 0
    let parseAt = FIRST_PARSE_BYTES
    const watch = (chunk: Buffer): boolean => {
      firstByte_ms ??= clock()
      if (keyFrame_ms !== undefined) return true
      chunks.push(chunk)
      length += chunk.length
      if (length < parseAt) return true
      // parsed again at each doubling: a key frame is noticed early at little cost
      parseAt = length * 2
      if (hasKeyFrame(readMedia(init_bytes, Buffer.concat(chunks)))) keyFrame_ms = clock()
      return true
    }
    const exchange = await insist(piece.uri, piece.range, watchKeyFrame ? watch : undefined)
    const failure = (init === undefined ? undefined : problemOf(init)) ?? problemOf(exchange)
    const unfinished = signal.aborted && exchange.timedOut
    const media = failure === undefined && !unfinished ? readMedia(init_bytes, exchange.body) : undefined
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
      ...(failure === undefined || unfinished ? {} : { failure }),
      ...(media === undefined ? {} : { media }),
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

/** Audio-only streams have no key frame to wait for: any frame will do. */
const hasKeyFrame = (media: MediaFacts): boolean =>
  media.video === undefined
    ? media.audio !== undefined && media.problem === undefined
    : media.video.keyFrames_ms.length > 0

function problemOf(exchange: Exchange): Failure | undefined {
  const { status, failure, timedOut, url } = exchange
  const name = new URL(url).pathname
  if (failure !== undefined) return failure
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
