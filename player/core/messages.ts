import type { KindFields } from '../../schemas/kinds/kinds.ts'

/** A message of the room as the page received it. */
export interface Message {
  /** How it travelled. `csn`: a channel that is numbered consecutively. */
  readonly channel: 'push' | 'poll' | 'csn'
  /** Its number or name within the channel. Consecutive numbers also tell what did not come. */
  readonly id: number | string
  /** When it was sent, ms since the epoch, by the server’s clock. */
  readonly sent_ms?: number
}

type Counted = Omit<KindFields<'interaction'>, 'round' | 'rtt_ms' | 'error_code'>

export interface Messages {
  /** @param received_ms by the collector’s clock, ms since the epoch */
  readonly add: (message: Message, received_ms: number) => void
  /** What each channel brought since the last call; channels that brought nothing are left out. */
  readonly take: () => Counted[]
}

/** Ids that are remembered to know a message that comes again. */
const REMEMBERED = 1_000
/** A larger step of the numbers is a numbering that began anew, and nothing lost. */
const LARGEST_GAP = 10_000
const LONGEST_DELAY_MS = 3_600_000

interface Channel {
  readonly seen: Set<number | string>
  highest?: number
  counts: ReturnType<typeof fresh>
  delays: number[]
}

const fresh = () => ({
  messages_expected: 0,
  messages_received: 0,
  messages_duplicated: 0,
  messages_disordered: 0,
})

/** Delivery, repeats, order and delay of the room’s messages, by channel. */
export function createMessages(): Messages {
  const channels = new Map<Message['channel'], Channel>()
  return {
    add: ({ channel, id, sent_ms }, received_ms) => {
      let known = channels.get(channel)
      if (!known) channels.set(channel, (known = { seen: new Set(), counts: fresh(), delays: [] }))
      const { seen, counts } = known
      if (seen.has(id)) {
        counts.messages_duplicated++
        return
      }
      seen.add(id)
      for (const oldest of seen) if (seen.size > REMEMBERED) seen.delete(oldest)
      counts.messages_received++
      const step = typeof id === 'number' ? id - (known.highest ?? id - 1) : 1
      // A late message fills the gap that the later one left: received, and not expected again.
      if (step > 0 || step < -REMEMBERED) {
        counts.messages_expected += step > 0 && step <= LARGEST_GAP ? step : 1
        if (typeof id === 'number') known.highest = id
      } else counts.messages_disordered++
      // Without `sent_ms` it is no number, which no comparison holds for.
      const delay = received_ms - sent_ms!
      if (Math.abs(delay) <= LONGEST_DELAY_MS) known.delays.push(Math.max(0, delay))
    },
    take: () =>
      [...channels].flatMap(([channel, known]) => {
        const { counts, delays } = known
        if (counts.messages_received + counts.messages_duplicated === 0) return []
        known.counts = fresh()
        known.delays = []
        return {
          action: 'message',
          outcome: 'success',
          channel,
          ...counts,
          messages_timed: delays.length,
          message_delay_ms:
            delays.length > 0 ? delays.reduce((sum, each) => sum + each, 0) / delays.length : undefined,
        }
      }),
  }
}
