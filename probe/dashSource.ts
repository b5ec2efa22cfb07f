import type { Clock } from './clock.ts'
import type { Exchange, HttpClient } from './http.ts'
import { readDash } from './parse/dash.ts'
import { type LookResult, manifestFailure, type Source } from './source.ts'

export interface DashSourceOptions {
  readonly url: string
  readonly http: HttpClient
  readonly clock: Clock
}

/** Loads a DASH manifest; all representations stand in the one document. */
export function dashSource(options: DashSourceOptions): Source {
  const { url, http, clock } = options
  let first: Exchange | undefined
  const look = async (_follow: readonly string[], timeout_ms: number): Promise<LookResult> => {
    const exchange = await http.get(url, { timeout_ms })
    first ??= exchange
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return { ok: false, failure }
    const manifest = readDash(exchange.body.toString('utf8'), exchange.url, clock())
    if (typeof manifest === 'string')
      return { ok: false, failure: { reason: 'manifest_unreadable', detail: manifest } }
    const tracks = manifest.tracks.filter((track) => track.pieces.length > 0)
    if (tracks.length === 0) {
      return {
        ok: false,
        failure: { reason: 'manifest_unreadable', detail: 'the manifest names no segment' },
      }
    }
    const target_ms = Math.min(...tracks.map((track) => track.target_ms))
    return { ok: true, look: { at_ms: clock(), tracks, failures: [], again_ms: target_ms / 2 } }
  }
  return { look, first: () => first }
}
