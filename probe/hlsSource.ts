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

/** Loads an HLS stream: the master playlist once, then every media playlist at each look, at the same moment. */
export function hlsSource(options: HlsSourceOptions): Source {
  const { url, http, clock } = options
  let first: Exchange | undefined
  let variants: readonly Variant[] | undefined
  let pending: Track | undefined
  const known = new Map<string, Track>()

  const read = (exchange: Exchange, variant: Variant): Loaded => {
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return { failure }
    const playlist = readHls(exchange.body.toString('utf8'), exchange.url)
    if (playlist.type === 'unreadable')
      return { failure: { reason: 'manifest_unreadable', detail: playlist.why } }
    if (playlist.type === 'master') {
      return {
        failure: {
          reason: 'manifest_unreadable',
          detail: 'a master playlist where a media playlist should be',
        },
      }
    }
    if (playlist.track.pieces.length === 0) {
      return { failure: { reason: 'manifest_unreadable', detail: 'the playlist names no segment' } }
    }
    const { uri: _uri, ...declared } = variant
    return { track: { ...declared, ...playlist.track } }
  }

  /** The playlist's address; of a followed low-latency track the one that waits for the next part. */
  const addressOf = (variant: Variant, followed: boolean): string => {
    const before = known.get(variant.id)
    if (!followed || !before?.canBlock || before.partTarget_ms === undefined || before.ended)
      return variant.uri
    const next = new URL(variant.uri)
    // m3u8-parser keeps whole segments apart from the parts of the one that is being written
    const writing = before.edge.part >= 0
    next.searchParams.set('_HLS_msn', String(writing ? before.edge.sequence : before.edge.sequence + 1))
    next.searchParams.set('_HLS_part', String(writing ? before.edge.part + 1 : 0))
    return next.href
  }

  const open = async (timeout_ms: number): Promise<Failure | undefined> => {
    const exchange = await http.get(url, { timeout_ms })
    first ??= exchange
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return failure
    const playlist = readHls(exchange.body.toString('utf8'), exchange.url)
    if (playlist.type === 'unreadable') return { reason: 'manifest_unreadable', detail: playlist.why }
    if (playlist.type === 'master') {
      variants = playlist.variants.slice(0, options.maxVariants)
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
          return read(await http.get(address, { timeout_ms }), variant)
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
