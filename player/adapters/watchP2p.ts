import { guard } from '../core/guard.ts'
import type { Session } from '../createMonitor.ts'
import { addFields } from './addFields.ts'

/** The events of `p2p-media-loader-core` 2 that are used; its `Core` and its engines for hls.js and Shaka have them. */
interface P2pEvents {
  readonly onPeerConnect: (details: { readonly peerId: string }) => void
  readonly onPeerClose: (details: { readonly peerId: string }) => void
  readonly onChunkDownloaded: (bytesLength: number, downloadSource: 'http' | 'p2p', peerId?: string) => void
}

/** A P2P engine: p2p-media-loader's, or your own with the same three events. */
export interface P2pEngine {
  readonly addEventListener: <Name extends keyof P2pEvents>(name: Name, run: P2pEvents[Name]) => void
  readonly removeEventListener: <Name extends keyof P2pEvents>(name: Name, run: P2pEvents[Name]) => void
}

/** From this share on, what is played now came from peers. */
const MOSTLY = 0.5

/**
 * Watches a P2P engine: `bytes_p2p` and `peers` of each interval, and the dimension `delivery`, so that stalls are told apart by where
 * the media came from. The player's adapter counts all bytes; these are those of peers among them. Returns how to stop.
 */
export function watchP2p(
  session: Pick<Session, 'on' | 'request' | 'setContext'>,
  engine: P2pEngine,
): () => void {
  const peers = new Set<string>()
  let sums = { http: 0, p2p: 0 }
  let delivery = 'cdn'
  const run: P2pEvents = {
    onPeerConnect: guard(({ peerId }) => void peers.add(peerId)),
    onPeerClose: guard(({ peerId }) => void peers.delete(peerId)),
    onChunkDownloaded: guard((bytes, source) => {
      sums[source] += bytes
      if (source === 'p2p') session.request({ count: 0, bytes_p2p: bytes })
    }),
  }
  const names = Object.keys(run) as (keyof P2pEvents)[]
  for (const name of names) engine.addEventListener(name, run[name])
  const forget = addFields(session, 'heartbeat', ({ reason }) => {
    // A stall's own beats belong to the delivery under which it began.
    if (reason !== 'stall_start' && sums.http + sums.p2p > 0) {
      const next = sums.p2p >= MOSTLY * (sums.http + sums.p2p) ? 'p2p' : 'cdn'
      if (next !== delivery) session.setContext({ delivery: next })
      delivery = next
      sums = { http: 0, p2p: 0 }
    }
    return { peers: Math.min(10_000, peers.size) }
  })
  return () => {
    forget()
    for (const name of names) engine.removeEventListener(name, run[name])
  }
}
