import type { KindFields } from '../../schemas/kinds/kinds.ts'

/** A message of the room as the page received it. */
export interface Message {
  /** How it travelled. `csn`: a channel that is numbered consecutively. */
  readonly channel: 'push' | 'poll' | 'csn'
  /** Its number or name within the channel. Consecutive numbers also tell what did not come. */
  readonly id: number | string
  /** When it was sent, ms since the epoch, by the server’s clock. */
  readonly sent_ms?: number
  /** What it is about: chat, bullet, gift, ppt_page, moderation. Default: none. */
  readonly topic?: string
  /** How long the platform held it in a queue (moderation, fan-out) before it was sent on, ms. */
  readonly queued_ms?: number | undefined
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
}

/** Topics of an interval; what comes after is counted without one. */
const MOST_TOPICS = 20

/** Delivery, repeats, order, delay and queues of the room’s messages, by channel and topic. A channel numbers all its topics together. */
export function createMessages(): Messages {
  const channels = new Map<string, Channel>()
  let rows = new Map<string, Record<string, unknown>>()
  const rowOf = (channel: string, topic?: string): Record<string, number> => {
    const key = channel + topic
    let row = rows.get(key)
    if (!row && topic && rows.size >= MOST_TOPICS) return rowOf(channel)
    if (!row) {
      row = {
        action: 'message',
        outcome: 'success',
        channel,
        topic: topic?.slice(0, 128),
        messages_expected: 0,
        messages_received: 0,
        messages_duplicated: 0,
        messages_disordered: 0,
        messages_timed: 0,
        messages_queued: 0,
      }
      rows.set(key, row)
    }
    return row as Record<string, number>
  }
  /** A further value of the mean `name`, of which there are `count`. What is no number, or too large, counts nowhere. */
  const average = (row: Record<string, number>, count: string, name: string, value: number) => {
    if (!(Math.abs(value) <= LONGEST_DELAY_MS)) return
    const before = row[name] ?? 0
    row[name] = before + (Math.max(0, value) - before) / ++row[count]!
  }
  return {
    add: ({ channel, id, sent_ms, topic, queued_ms }, received_ms) => {
      let known = channels.get(channel)
      if (!known) channels.set(channel, (known = { seen: new Set() }))
      const { seen } = known
      const row = rowOf(channel, topic)
      if (seen.has(id)) {
        row.messages_duplicated!++
        return
      }
      seen.add(id)
      for (const oldest of seen) if (seen.size > REMEMBERED) seen.delete(oldest)
      row.messages_received!++
      const step = typeof id === 'number' ? id - (known.highest ?? id - 1) : 1
      // A late message fills the gap that the later one left: received, and not expected again.
      if (step > 0 || step < -REMEMBERED) {
        row.messages_expected! += step > 0 && step <= LARGEST_GAP ? step : 1
        if (typeof id === 'number') known.highest = id
      } else row.messages_disordered!++
      // `message_delay_ms` and `message_queue_ms` are there once a message says them.
      average(row, 'messages_timed', 'message_delay_ms', received_ms - sent_ms!)
      average(row, 'messages_queued', 'message_queue_ms', queued_ms!)
    },
    take: () => {
      const taken = [...rows.values()]
      rows = new Map()
      return taken as unknown as Counted[]
    },
  }
}
