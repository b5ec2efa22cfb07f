import { setMaxListeners } from 'node:events'
import { aborted, type Clock, deferred, pause } from './clock.ts'
import type { Failure } from './failure.ts'
import { pieceFetcher } from './fetchPiece.ts'
import type { Exchange, HttpClient } from './http.ts'
import type { Declared, EdgeSeen, Observations, PhaseSpan, PieceSeen, Protocol } from './observations.ts'
import type { Piece, Track } from './parse/tracks.ts'
import type { Look, Source } from './source.ts'

export interface WatchSegmentsOptions {
  readonly url: string
  readonly protocol: Protocol
  readonly source: Source
  readonly http: HttpClient
  readonly clock: Clock
  /** How long to stay after the first look; undefined: long enough to tell a stale playlist from a slow one. */
  readonly duration_ms?: number
  /** When the check began, where something was asked before; default: now. */
  readonly started_ms?: number
  readonly timeout_ms: number
  readonly stale_ms: (target_ms: number) => number
  /** Which variant the virtual viewer plays: the first listed, or the one of the highest or lowest bitrate. */
  readonly variant: 'first' | 'highest' | 'lowest'
  readonly signal?: AbortSignal
}

const LONGEST_MS = 20_000

const edgeName = (track: Track): string => `${track.edge.sequence}.${track.edge.part}`

function chooseTracks(look: Look, variant: WatchSegmentsOptions['variant']): Track[] {
  const videos = look.tracks.filter((track) => track.kind === 'video')
  const sorted = [...videos].sort((a, b) => (a.bandwidth_bps ?? 0) - (b.bandwidth_bps ?? 0))
  const video = variant === 'first' ? videos[0] : variant === 'highest' ? sorted.at(-1) : sorted[0]
  if (video === undefined) return look.tracks.filter(({ kind }) => kind !== 'text').slice(0, 1)
  const audios = look.tracks.filter((track) => track.kind === 'audio')
  const audio =
    video.audioGroup === undefined
      ? audios.find((track) => track.audioGroup === undefined && track.bandwidth_bps !== undefined)
      : audios.find((track) => track.audioGroup === video.audioGroup)
  return audio === undefined ? [video] : [video, audio]
}

/** The piece a player begins with: as far behind the edge as the playlist asks, at the beginning of a segment. */
function joinAt(track: Track): number {
  let behind = 0
  for (let index = track.pieces.length - 1; index >= 0; index--) {
    const piece = track.pieces[index] as Piece
    behind += piece.duration_ms
    if (behind >= track.holdBack_ms - 1 && (piece.part ?? 0) === 0) return index
  }
  return 0
}

/** A piece that the playlist itself says is missing: a player jumps over it. */
const gapSeen = (track: Track, piece: Piece, at_ms: number): PieceSeen => ({
  track: track.id,
  kind: track.kind,
  sequence: piece.sequence,
  part: piece.part,
  uri: piece.uri,
  requested_ms: at_ms,
  arrived_ms: at_ms,
  wait_ms: 0,
  status: 0,
  bytes: 0,
  declared_ms: piece.duration_ms,
  filmed_ms: piece.filmed_ms,
  discontinuity: piece.discontinuity,
  gap: true,
  missing: false,
  cut: false,
  unfinished: false,
  sample: false,
})

const after = (piece: Piece, cursor: Piece): boolean =>
  piece.sequence > cursor.sequence ||
  (piece.sequence === cursor.sequence && cursor.part !== undefined && (piece.part ?? -1) > cursor.part)

const declaredOf = (track: Track): Declared => ({
  id: track.id,
  kind: track.kind,
  ...(track.bandwidth_bps === undefined ? {} : { kbps: track.bandwidth_bps / 1000 }),
  codecs: track.codecs,
  width: track.width,
  height: track.height,
  target_ms: track.target_ms,
  partTarget_ms: track.partTarget_ms,
  holdBack_ms: track.holdBack_ms,
})

/** Phases of the first exchange; `manifest_ms` is everything from its request to the end of the first look. */
export function connectionPhases(first: Exchange | undefined, lookEnd_ms: number): PhaseSpan[] {
  if (first === undefined) return []
  const spans: PhaseSpan[] = []
  let from_ms = 0
  for (const [phase, ms] of [
    ['dns_ms', first.dns_ms],
    ['tcp_ms', first.tcp_ms],
    ['tls_ms', first.tls_ms],
  ] as const) {
    if (ms === undefined) continue
    spans.push({ phase, from_ms, ms })
    from_ms += ms
  }
  if (first.status > 0)
    spans.push({ phase: 'manifest_ms', from_ms, ms: Math.max(0, lookEnd_ms - first.started_ms - from_ms) })
  return spans
}

/** Watches a stream of segments (HLS, LL-HLS, DASH) for a while as a viewer's player would, and tells what it saw. */
export async function watchSegments(options: WatchSegmentsOptions): Promise<Observations> {
  const { source, http, clock, timeout_ms } = options
  const started_ms = options.started_ms ?? clock()
  const edges: EdgeSeen[] = []
  const pieces: PieceSeen[] = []
  const variantFailures = new Map<string, Failure>()
  const phases: PhaseSpan[] = []
  let renditions: Declared[] = []
  let followed: string[] = []
  let { protocol } = options
  const end = (failure?: Failure): Observations => {
    const certificate = source.first()?.certificate
    return {
      url: options.url,
      protocol,
      started_ms,
      ended_ms: clock(),
      phases,
      failure,
      certificate,
      renditions,
      followed,
      edges,
      pieces,
      variantFailures: [...variantFailures].map(([track, reason]) => ({ track, failure: reason })),
      bytes: http.bytes(),
    }
  }
  const note = (look: Look) => {
    for (const track of look.tracks) {
      const { filmed_ms } = track.edge
      edges.push({
        track: track.id,
        at_ms: look.at_ms,
        edge: edgeName(track),
        ended: track.ended,
        filmed_ms,
      })
    }
    for (const { track, failure } of look.failures) variantFailures.set(track, failure)
  }

  const opening = await source.look([], timeout_ms)
  phases.push(...connectionPhases(source.first(), clock()))
  if (!opening.ok) return end(opening.failure)
  let latest = opening.look
  note(latest)
  renditions = latest.tracks.map(declaredOf)
  const chosen = chooseTracks(latest, options.variant)
  followed = chosen.map((track) => track.id)
  const target = Math.max(...chosen.map((track) => track.target_ms))
  if (chosen.some((track) => track.partTarget_ms !== undefined)) protocol = 'll-hls'

  const duration = options.duration_ms ?? Math.min(options.stale_ms(target) + target / 2 + 700, LONGEST_MS)
  const until_ms = latest.at_ms + duration
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const ended = aborted(over.signal)
  const stop = () => over.abort()
  options.signal?.addEventListener('abort', stop)
  if (options.signal?.aborted) stop()
  const fetcher = pieceFetcher({ http, clock, timeout_ms, signal: over.signal })
  let news = deferred()

  const keepLooking = async () => {
    let blocking = protocol === 'll-hls'
    while (!over.signal.aborted && clock() < until_ms) {
      if (!blocking) await pause(Math.min(latest.again_ms, Math.max(0, until_ms - clock())), over.signal)
      if (over.signal.aborted) break
      const left = Math.max(500, until_ms - clock())
      const result = await source.look(
        blocking ? followed : [],
        // A server holds a blocked reload until there is news; when none comes for so long, plain reloads tell more.
        blocking ? Math.min(left, timeout_ms, Math.max(1_500, 2 * target)) : timeout_ms,
      )
      if (over.signal.aborted && !result.ok) break
      if (result.ok) {
        latest = result.look
        note(latest)
        for (const { track, failure } of latest.failures) {
          // a blocked reload that is not answered in time says that nothing new came: ask plainly
          if (followed.includes(track) && failure.reason === 'manifest_timed_out') blocking = false
        }
      } else if (blocking) {
        blocking = false
        continue
      } else {
        for (const track of followed) variantFailures.set(track, result.failure)
      }
      const before = news
      news = deferred()
      before.resolve()
    }
  }

  const play = async (first: Track, watchKeyFrame: boolean, ready: () => void) => {
    let track = first
    let cursor: Piece | undefined
    let begun = false
    let request_ms = clock()
    while (!over.signal.aborted) {
      const next: Piece | undefined =
        cursor === undefined
          ? track.pieces[joinAt(track)]
          : track.pieces.find((piece) => after(piece, cursor as Piece))
      if (next === undefined) {
        ready()
        await Promise.race([news.promise, ended])
        track = latest.tracks.find((each) => each.id === first.id) ?? track
        continue
      }
      cursor = next
      if (next.gap) {
        // Where nothing but gaps comes, there is no first piece to wait for.
        ready()
        pieces.push(gapSeen(track, next, clock()))
        continue
      }
      const opening = !begun
      begun = true
      if (opening) request_ms = clock()
      const found = await fetcher.fetch(track, next, {
        sample: false,
        watchKeyFrame: opening && watchKeyFrame,
      })
      pieces.push(found.seen)
      if (opening && watchKeyFrame) {
        if (found.firstByte_ms !== undefined) {
          phases.push({
            phase: 'first_byte_ms',
            from_ms: request_ms - started_ms,
            ms: found.firstByte_ms - request_ms,
          })
          if (found.keyFrame_ms !== undefined) {
            const ms = found.keyFrame_ms - found.firstByte_ms
            phases.push({ phase: 'first_key_frame_ms', from_ms: found.firstByte_ms - started_ms, ms })
          }
        }
      }
      if (opening) ready()
      track = latest.tracks.find((each) => each.id === first.id) ?? track
    }
  }

  /** One segment of each rendition nobody follows, so that a broken rung does not hide. */
  const sampleOthers = async () => {
    const others = latest.tracks.filter((track) => !followed.includes(track.id))
    for (const track of others) {
      const there = track.pieces.filter((each) => !each.gap)
      const piece = there.findLast((each) => each.part === undefined) ?? there.at(-1)
      if (piece === undefined || over.signal.aborted) continue
      pieces.push((await fetcher.fetch(track, piece, { sample: true })).seen)
    }
  }

  const begun = deferred()
  const looking = keepLooking()
  const playing = chosen.map((track, index) =>
    play(track, index === 0, index === 0 ? begun.resolve : () => {}),
  )
  // the clock of the check waits for the first piece: a slow first byte is a finding, not an empty check
  await Promise.race([begun.promise, ended])
  const sampling = sampleOthers()
  const timer = setTimeout(stop, Math.max(0, until_ms - clock()))
  await Promise.all([looking, ...playing, sampling])
  clearTimeout(timer)
  options.signal?.removeEventListener('abort', stop)
  return end()
}
