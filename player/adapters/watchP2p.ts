import { guard } from '../core/guard.ts'
import type { Session } from '../createMonitor.ts'
import { addFields } from './addFields.ts'

/** The events of `p2p-media-loader-core` 2 that are listened to. Its `Core` emits them, and so do its engines for hls.js and Shaka. */
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
 * the media came from. The engine loads ahead; what the player takes in an interval (`bytes`, by its adapter) is split in the
 * proportion of what the engine has loaded for it. Returns how to stop.
 */
export function watchP2p(session: Pick<Session, 'on' | 'setContext'>, engine: P2pEngine): () => void {
  const peers = new Set<string>()
  /** Loaded by the engine and not yet taken by the player. */
  const ahead = { http: 0, p2p: 0 }
  let delivery = 'cdn'
  const run: P2pEvents = {
    onPeerConnect: guard(({ peerId }) => void peers.add(peerId)),
    onPeerClose: guard(({ peerId }) => void peers.delete(peerId)),
    onChunkDownloaded: guard((bytes, source) => {
      ahead[source] += bytes
    }),
  }
  const names = Object.keys(run) as (keyof P2pEvents)[]
  for (const name of names) engine.addEventListener(name, run[name])
  const forget = addFields(session, 'heartbeat', ({ bytes = 0 }) => {
    const counted = { peers: Math.min(10_000, peers.size) }
    const loaded = ahead.http + ahead.p2p
    // A beat without bytes (a stall's own) belongs to the delivery that it waits for.
    if (bytes === 0 || loaded === 0) return counted
    const share = ahead.p2p / loaded
    const bytes_p2p = Math.round(Math.min(ahead.p2p, bytes * share))
    ahead.p2p -= bytes_p2p
    ahead.http = Math.max(0, ahead.http - (bytes - bytes_p2p))
    const next = share >= MOSTLY ? 'p2p' : 'cdn'
    if (next !== delivery) session.setContext({ delivery: next })
    delivery = next
    return { ...counted, bytes_p2p }
  })
  return () => {
    forget()
    for (const name of names) engine.removeEventListener(name, run[name])
  }
}
