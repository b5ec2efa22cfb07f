import type { Clock } from './clock.ts'
import type { Failure } from './failure.ts'
import type { Exchange, HttpClient } from './http.ts'
import { readHls } from './parse/hls.ts'
import type { Track, Variant } from './parse/tracks.ts'
import { type LookResult, manifestFailure, type Source } from './source.ts'

export interface HlsSourceOptions {
  readonly url: string
  readonly http: HttpClient
  readonly clock: Clock
  /** Most variants looked at; the others are passed over. */
  readonly maxVariants: number
}

type Loaded = { readonly track: Track } | { readonly failure: Failure }

/** No honest playlist is larger: ten hours of one-second segments are about 4 MB. */
export const PLAYLIST_BYTES = 8 << 20

const unreadable = (detail: string): { failure: Failure } => ({
  failure: { reason: 'manifest_unreadable', detail },
})

/**
 * Loads an HLS stream: the multivariant playlist once, then every media playlist at each look, at the same moment.
 * @param opened the first answer, where it was already fetched to see what is there
 */
export function hlsSource(options: HlsSourceOptions, opened?: Exchange): Source {
  const { url, http, clock } = options
  let first: Exchange | undefined = opened
  let variants: readonly Variant[] | undefined
  let variables: ReadonlyMap<string, string> | undefined
  let pending: Track | undefined
  const known = new Map<string, Track>()

  const read = (exchange: Exchange, variant: Variant): Loaded => {
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return { failure }
    const text = exchange.body.toString('utf8')
    const playlist = readHls(text, exchange.url, {
      requested: variant.id === 'only' ? url : variant.uri,
      imported: variables,
    })
    if (playlist.type === 'unreadable') return unreadable(playlist.why)
    if (playlist.type === 'master')
      return unreadable('a multivariant playlist where a media playlist should be')
    const { uri: _uri, ...declared } = variant
    const track = withSkipped({ ...declared, ...playlist.track }, playlist.skipped, known.get(variant.id))
    return track.pieces.length === 0 ? unreadable('the playlist names no segment') : { track }
  }

  /** The playlist's address; of a followed low-latency track the one that waits for the next part. */
  const addressOf = (variant: Variant, followed: boolean): string => {
    const before = known.get(variant.id)
    if (!followed || !before?.canBlock || before.partTarget_ms === undefined || before.ended)
      return variant.uri
    const next = new URL(variant.uri)
    const writing = before.edge.part >= 0
    next.searchParams.set('_HLS_msn', String(writing ? before.edge.sequence : before.edge.sequence + 1))
    next.searchParams.set('_HLS_part', String(writing ? before.edge.part + 1 : 0))
    return next.href
  }

  const open = async (timeout_ms: number): Promise<Failure | undefined> => {
    const exchange = opened ?? (await http.get(url, { timeout_ms, most_bytes: PLAYLIST_BYTES }))
    opened = undefined
    first ??= exchange
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return failure
    const playlist = readHls(exchange.body.toString('utf8'), exchange.url, { requested: url })
    if (playlist.type === 'unreadable') return { reason: 'manifest_unreadable', detail: playlist.why }
    if (playlist.type === 'master') {
      variants = playlist.variants.slice(0, options.maxVariants)
      variables = playlist.variables
      return undefined
    }
    const only: Variant = { id: 'only', kind: 'video', uri: exchange.url }
    const loaded = read(exchange, only)
    if ('failure' in loaded) return loaded.failure
    variants = [only]
    pending = loaded.track
    return undefined
  }

  const look = async (follow: readonly string[], timeout_ms: number): Promise<LookResult> => {
    if (variants === undefined) {
      const failure = await open(timeout_ms)
      if (failure !== undefined) return { ok: false, failure }
    }
    const list = variants as readonly Variant[]
    let blocked = false
    const loaded: Loaded[] = []
    if (pending !== undefined) {
      loaded.push({ track: pending })
      pending = undefined
    } else {
      const found = await Promise.all(
        list.map(async (variant) => {
          const address = addressOf(variant, follow.includes(variant.id))
          if (address !== variant.uri) blocked = true
          return read(await http.get(address, { timeout_ms, most_bytes: PLAYLIST_BYTES }), variant)
        }),
      )
      loaded.push(...found)
    }
    const tracks: Track[] = []
    const failures: { track: string; failure: Failure }[] = []
    for (const [index, each] of loaded.entries()) {
      const id = list[index]?.id ?? ''
      if ('failure' in each) {
        failures.push({ track: id, failure: each.failure })
        continue
      }
      tracks.push(each.track)
      known.set(id, each.track)
    }
    const failed = failures[0]
    if (tracks.length === 0) {
      return {
        ok: false,
        failure: failed?.failure ?? { reason: 'manifest_unreadable', detail: 'no variants' },
      }
    }
    const target_ms = Math.min(...tracks.map((track) => track.target_ms))
    return { ok: true, look: { at_ms: clock(), tracks, failures, again_ms: target_ms / 2, blocked } }
  }
  return { look, first: () => first }
}

/** A delta update names only the newest segments: those before it stay what they were. */
function withSkipped(track: Track, skipped: number, before: Track | undefined): Track {
  const first = track.pieces[0]
  if (skipped === 0 || before === undefined || first === undefined) return track
  const oldest = first.sequence - skipped
  const kept = before.pieces.filter(({ sequence }) => sequence >= oldest && sequence < first.sequence)
  return { ...track, pieces: [...kept, ...track.pieces] }
}
