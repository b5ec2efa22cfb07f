/**
 * Who publishes each stream, by the hooks of one server. A second publisher of a name is refused by the server itself
 * ("Already publishing") after its `publish` hook, and its `publish_done` follows at once: that is not the stream's end.
 */
export interface Publishers {
  readonly began: (stream: string, client: string, at_ms: number) => void
  /** Whether the end of this client is the end of the stream. */
  readonly ended: (stream: string, client: string, at_ms: number) => boolean
}

interface Current {
  readonly client: string
  /** Clients that came while another published, and when. */
  readonly later: Map<string, number>
}

/** A publisher that the server refuses is gone within moments. */
const REFUSED_WITHIN_MS = 3_000
const MOST_STREAMS = 10_000
const MOST_LATER = 100

/** Remembers who publishes which stream; see `Publishers`. */
export function createPublishers(): Publishers {
  const streams = new Map<string, Current>()
  return {
    began(stream, client, at_ms) {
      if (client === '') return
      const current = streams.get(stream)
      if (current === undefined) {
        streams.set(stream, { client, later: new Map() })
        if (streams.size > MOST_STREAMS) streams.delete(streams.keys().next().value!)
      } else if (current.client !== client && current.later.size < MOST_LATER) {
        current.later.set(client, current.later.get(client) ?? at_ms)
      }
    },
    ended(stream, client, at_ms) {
      const current = streams.get(stream)
      const came_ms = current?.later.get(client)
      if (current !== undefined && came_ms !== undefined && at_ms - came_ms < REFUSED_WITHIN_MS) {
        current.later.delete(client)
        return false
      }
      streams.delete(stream)
      return true
    },
  }
}
