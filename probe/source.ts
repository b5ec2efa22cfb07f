import type { Failure } from './failure.ts'
import type { Exchange } from './http.ts'
import type { Track } from './parse/tracks.ts'

/** One look at the playlists. */
export interface Look {
  readonly at_ms: number
  readonly tracks: readonly Track[]
  /** Variants whose own playlist could not be had. */
  readonly failures: readonly { readonly track: string; readonly failure: Failure }[]
  /** When to look again, if nothing tells better. */
  readonly again_ms: number
  /** How long the server held the answer back until there was news (LL-HLS); undefined: it did not. */
  readonly blocked?: boolean
}

export type LookResult =
  | { readonly ok: true; readonly look: Look }
  | { readonly ok: false; readonly failure: Failure }

/** Where a check's playlists come from: HLS or DASH. `follow` names the tracks whose news is waited for. */
export interface Source {
  readonly look: (follow: readonly string[], timeout_ms: number) => Promise<LookResult>
  /** The first exchanges of all, for the phases. */
  readonly first: () => Exchange | undefined
}

/** Names what is wrong with a playlist's answer; undefined when there is nothing wrong. */
export function manifestFailure(exchange: Exchange): Failure | undefined {
  const { status, failure, timedOut, url } = exchange
  const where = new URL(url).pathname
  if (failure !== undefined) return failure
  if (exchange.tooLarge) return { reason: 'too_large', detail: `${where}: more than a playlist can have` }
  if (timedOut)
    return {
      reason: 'manifest_timed_out',
      detail: `${where}: no whole answer in ${Math.round(exchange.total_ms)} ms`,
    }
  if (status >= 200 && status < 300) return undefined
  const detail = `${where}: HTTP ${status}`
  if (status === 401 || status === 403) return { reason: 'manifest_forbidden', detail }
  if (status >= 500) return { reason: 'manifest_server_error', detail }
  return { reason: 'manifest_not_found', detail }
}
