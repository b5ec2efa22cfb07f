import type { Beacon, BeaconAnswer, BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'

export type Cancel = () => void

/** What the collector answered; `status` 0: nobody did. */
export interface PostAnswer {
  readonly status: number
  /** The header Retry-After as it stands. */
  readonly retryAfter?: string | null
  /** The header of reporting advice as it stands. */
  readonly advice?: string | null
  /** What stands in the answer: refused events, or why the whole was refused. */
  readonly answer?: Partial<BeaconAnswer> & { readonly message?: string }
}

export interface SenderOptions {
  /** Posts a body as text/plain and never rejects. `alive`: it must outlive the page. */
  readonly post: (body: string, alive: boolean) => Promise<PostAnswer>
  /** The sender's clock, ms since the epoch. */
  readonly wall: () => number
  readonly random: () => number
  readonly later: (run: () => void, ms: number) => Cancel
  /** What stands in a beacon besides context and events, at the moment of sending. */
  readonly head: () => Pick<Beacon, 'key' | 'clock'>
  /** How often the collector wants reports now, ms; 0: as often as the page likes. */
  readonly onAdvice?: (interval_ms: number) => void
  readonly onOutcome: (what: 'sent' | 'refused' | 'dropped', count: number, codes?: readonly string[]) => void
}

export interface Sender {
  readonly push: (event: BeaconEvent, context: ClientContext, urgent: boolean) => void
  /** The page goes: everything not under way leaves now, in one body that outlives it. */
  readonly leave: () => void
  readonly stats: () => SenderStats
  /** Forgets what is queued and sends nothing more. */
  readonly close: () => void
}

export interface SenderStats {
  readonly queued: number
  readonly sent: number
  readonly refused: number
  readonly dropped: number
}

/** Chromium refuses more than 64 KiB under way in bodies that outlive the page; 57,344 arrive. */
export const BODY_BYTES = 57_344
export const QUEUE_EVENTS = 600
const BATCH_EVENTS = 100
const LINGER_MS = 1_000
const BACKOFF_MS = 1_000
const BACKOFF_MOST_MS = 60_000
/** The collector's horizon (BEACON_LIMITS.late_ms), less the time a request may take. */
const LATE_MS = 29 * 60_000

interface Queued {
  readonly event: BeaconEvent
  readonly context: ClientContext
  readonly bytes: number
  /** The send that carries it now. */
  under?: object | undefined
}

/** The collector could not take it now: the same is tried again. */
const isPassing = (status: number) =>
  status === 0 || status === 408 || status === 425 || status === 429 || status >= 500

const size = (text: string) => new TextEncoder().encode(text).length

/** What an event says differently from the beacon's context. */
function differences(own: ClientContext, base: ClientContext): ClientContext {
  const all = Object.keys({ ...base, ...own }) as (keyof ClientContext)[]
  return Object.fromEntries(all.filter((key) => own[key] !== base[key]).map((key) => [key, own[key] ?? '']))
}

/** Retry-After in seconds, or a date. */
const retry_ms = (header: string | null | undefined, now: number): number =>
  Math.max(Number(header) * 1000 || Date.parse(header ?? '') - now || 0, 0)

/**
 * A bounded queue that sends one beacon at a time, tries again with exponential back-off while the collector cannot
 * take it, and never twice what was refused. A repeat carries the same `seq`, so the collector counts it once.
 */
export function createSender(options: SenderOptions): Sender {
  const { post, wall, random, later, head, onOutcome: reported } = options
  let queue: Queued[] = []
  let busy = false
  let failures = 0
  let notBefore = 0
  let timer: { at: number; cancel: Cancel } | undefined
  let closed = false
  const stats = { sent: 0, refused: 0, dropped: 0 }
  const tell = (what: keyof typeof stats, count: number, codes?: readonly string[]) => {
    if (count === 0) return
    stats[what] += count
    reported(what, count, codes)
  }
  const drop = (gone: (each: Queued, index: number) => boolean) => {
    const kept = queue.filter((each, index) => !gone(each, index))
    const count = queue.length - kept.length
    queue = kept
    tell('dropped', count)
  }
  const wake = (ms: number) => {
    const at = Math.max(wall() + ms, notBefore)
    if (closed || busy || (timer && timer.at <= at)) return
    timer?.cancel()
    timer = { at, cancel: later(send, at - wall()) }
  }
  const bodyOf = (batch: readonly Queued[]) => {
    const context = batch[batch.length - 1]!.context
    const events = batch.map((each) => ({ ...each.event, ...differences(each.context, context) }))
    return JSON.stringify({ ...head(), sent_ms: wall(), context, events } satisfies Beacon)
  }
  /** As many as fit of those that no send carries, from the oldest or from the newest end. */
  const fitting = (newest: boolean, most: number) => {
    let bytes = 4_096
    const order = queue.filter((each) => !each.under)
    if (newest) order.reverse()
    const end = order.findIndex((each, index) => index >= most || (bytes += each.bytes) > BODY_BYTES)
    const batch = order.slice(0, end < 0 ? order.length : Math.max(1, end))
    return newest ? batch.reverse() : batch
  }
  const carry = (batch: readonly Queued[], alive: boolean, settle: (answer: PostAnswer) => void) => {
    const under = {}
    for (const each of batch) each.under = alive ? under : undefined
    void post(bodyOf(batch), alive).then((answer) => {
      for (const each of batch) if (each.under === under) each.under = undefined
      if (closed) return
      const { status } = answer
      if (status) options.onAdvice?.(+(/interval_ms=(\d{1,5})\b/.exec(answer.advice ?? '')?.[1] ?? 0))
      if (!isPassing(status) && !(status === 413 && batch.length > 1)) {
        const some = answer.answer?.refused ?? []
        const refused = status >= 400 ? batch.length : some.length
        queue = queue.filter((each) => !batch.includes(each))
        tell('sent', batch.length - refused)
        const codes =
          status >= 400
            ? [answer.answer?.message ?? `${status}`]
            : some.map(({ code, detail }) => (detail ? `${code}: ${detail}` : code))
        tell('refused', refused, codes)
      }
      settle(answer)
      if (queue.length > 0) wake(0)
    })
  }
  let most = BATCH_EVENTS
  function send() {
    timer = undefined
    drop((each) => (each.event.time_ms ?? 0) < wall() - LATE_MS)
    const batch = fitting(false, most)
    if (closed || busy || batch.length === 0) return
    busy = true
    // Browsers bound the keepalive bodies of a whole page: a retry is sent without keepalive.
    carry(batch, failures === 0, ({ status, retryAfter }) => {
      busy = false
      if (status === 413) most = Math.max(1, batch.length >> 1)
      const failed = isPassing(status)
      failures = failed ? failures + 1 : 0
      if (!failed) return
      const backoff = Math.min(BACKOFF_MS * 2 ** (failures - 1), BACKOFF_MOST_MS) * (0.5 + random() / 2)
      notBefore = wall() + Math.max(backoff, retry_ms(retryAfter, wall()))
    })
  }
  return {
    push: (event, context, urgent) => {
      if (closed) return
      queue.push({ event, context, bytes: size(JSON.stringify(event)) + 64 })
      drop((_, index) => index < queue.length - QUEUE_EVENTS)
      wake(urgent ? 0 : LINGER_MS)
    },
    leave: () => {
      const batch = fitting(true, QUEUE_EVENTS)
      if (!closed && batch.length > 0) carry(batch, true, () => {})
    },
    stats: () => ({ queued: queue.length, ...stats }),
    close: () => {
      closed = true
      timer?.cancel()
      queue = []
    },
  }
}
