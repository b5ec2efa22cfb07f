import type { KindFields } from '../../schemas/kinds/kinds.ts'
import { guard } from '../core/guard.ts'
import { cohostInterval, type StatsTotals, statsTotals } from '../core/peerStats.ts'
import type { Session } from '../createMonitor.ts'

export interface WatchPeerOptions {
  /** The other side, as the room calls it. */
  readonly peer?: string
  /** Default 5 000. */
  readonly interval_ms?: number
}

const EVENTS: Readonly<Record<string, string>> = {
  connected: 'joined',
  disconnected: 'interrupted',
  failed: 'failed',
  closed: 'left',
}

/**
 * Reports a co-hosting leg each 5 s from WebRTC's statistics, once for what is received and once for what is sent,
 * and its joining and leaving at once. Ends with the connection. Returns how to stop before. Never throws.
 */
export function watchPeerConnection(
  session: Pick<Session, 'report'>,
  pc: RTCPeerConnection,
  options: WatchPeerOptions = {},
): () => void {
  const { peer, interval_ms = 5_000 } = options
  const named = peer === undefined ? {} : { peer }
  let before: StatsTotals | undefined
  const look = guard(() => {
    void pc.getStats().then(
      guard((stats: RTCStatsReport) => {
        const totals = statsTotals([...stats.values()])
        const last = before
        before = totals
        if (!last) return
        for (const direction of ['in', 'out'] as const) {
          const fields = cohostInterval(last, totals, direction)
          if (fields) session.report('cohost', { ...fields, ...named } as KindFields<'cohost'>)
        }
      }),
      () => {},
    )
  })
  let state = ''
  const changed = guard(() => {
    if (pc.connectionState === state) return
    state = pc.connectionState
    const event = EVENTS[state]
    if (event) session.report('cohost', { interval_ms: 0, event, ...named }, true)
    if (state === 'connected') look()
    if (state === 'closed') stop()
  })
  const tick = guard(() => {
    // `close()` of one's own side fires no event.
    changed()
    if (pc.connectionState === 'connected') look()
  })
  const timer = setInterval(tick, interval_ms)
  const stop = () => {
    clearInterval(timer)
    pc.removeEventListener('connectionstatechange', changed)
  }
  pc.addEventListener('connectionstatechange', changed)
  changed()
  return stop
}
