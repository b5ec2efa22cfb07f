import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { startTap, type Tap, type TapOptions } from './tap/tap.ts'

export interface TapsOptions extends Omit<TapOptions, 'url' | 'context'> {
  /** A stream's address without its name: `rtmp://127.0.0.1:1935/live`. */
  readonly base: string
  readonly context?: ClientContext
  /** Streams listened to at once. Default 20. */
  readonly most?: number
}

export interface Taps {
  /** Listens to the streams that a reading says are up, and to no other. */
  readonly follow: (groups: readonly EventGroup[]) => void
  readonly stop: () => Promise<void>
}

/** One tap a stream, as a media server's readings come and go. */
export function followStreams(options: TapsOptions): Taps {
  const { base, most = 20, ...rest } = options
  const taps = new Map<string, Tap>()
  return {
    follow: (groups) => {
      for (const { context, events } of groups) {
        const stream = context.stream
        const own = events.filter((event) => event.kind === 'hop' && event.hop === 'ingest')
        const up = own.some((event) => 'status' in event && event.status === 'up')
        if (stream === undefined || own.length === 0) continue
        const tap = taps.get(stream)
        if (tap !== undefined && (!up || !tap.running())) {
          taps.delete(stream)
          void tap.stop()
        } else if (tap === undefined && up && taps.size < most) {
          const url = `${base.replace(/\/$/, '')}/${encodeURIComponent(stream)}`
          taps.set(stream, startTap({ ...rest, url, context: { ...options.context, stream } }))
        }
      }
    },
    stop: async () => {
      await Promise.all([...taps.values()].map((tap) => tap.stop()))
      taps.clear()
    },
  }
}
