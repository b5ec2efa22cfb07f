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

/** What came of one topic of a channel since the last call. */
interface Sums {
  readonly counts: ReturnType<typeof fresh>
  readonly delays: number[]
  readonly queued: number[]
}

const fresh = () => ({
  messages_expected: 0,
  messages_received: 0,
  messages_duplicated: 0,
  messages_disordered: 0,
})

const mean = (values: readonly number[]) =>
  values.length > 0 ? values.reduce((sum, each) => sum + each, 0) / values.length : undefined

/** Topics of an interval; what comes after is counted without one. */
const MOST_TOPICS = 20

/** Delivery, repeats, order, delay and queues of the room’s messages, by channel and topic. A channel numbers all its topics together. */
export function createMessages(): Messages {
  const channels = new Map<Message['channel'], Channel>()
  let sums = new Map<string, Sums>()
  const sumsOf = (channel: string, topic: string): Sums => {
    const key = `${channel} ${topic}`
    let known = sums.get(key)
    if (!known && topic && sums.size >= MOST_TOPICS) return sumsOf(channel, '')
    if (!known) sums.set(key, (known = { counts: fresh(), delays: [], queued: [] }))
    return known
  }
  return {
    add: ({ channel, id, sent_ms, topic = '', queued_ms = -1 }, received_ms) => {
      let known = channels.get(channel)
      if (!known) channels.set(channel, (known = { seen: new Set() }))
      const { seen } = known
      const { counts, delays, queued } = sumsOf(channel, topic)
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
      if (Math.abs(delay) <= LONGEST_DELAY_MS) delays.push(Math.max(0, delay))
      if (queued_ms >= 0 && queued_ms <= LONGEST_DELAY_MS) queued.push(queued_ms)
    },
    take: () => {
      const taken = [...sums].map(([key, { counts, delays, queued }]) => {
        const [channel, ...topic] = key.split(' ')
        return {
          action: 'message',
          outcome: 'success' as const,
          channel: channel as Message['channel'],
          topic: topic.join(' ').slice(0, 128) || undefined,
          ...counts,
          messages_timed: delays.length,
          message_delay_ms: mean(delays),
          messages_queued: queued.length || undefined,
          message_queue_ms: mean(queued),
        }
      })
      sums = new Map()
      return taken
    },
  }
}
