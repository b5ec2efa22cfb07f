import type { Emit } from '../../../schemas/facts.ts'
import type { Incident, IncidentChange } from '../../../schemas/incident.ts'
import { matches } from '../detect/activeRules.ts'
import type { StateEntry } from '../incident/stateEntry.ts'
import { createAddressGuard } from './addressGuard.ts'
import { dialectOf } from './dialects.ts'
import type { Notice, Outcome } from './message.ts'
import type { Answer, PostError } from './post.ts'
import { post } from './post.ts'
import type { ReceiverConfig } from './receiverConfig.ts'

/** First wait after a failure, doubled each time, and the longest. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** What could not be told in this time is given up; a fact says so. */
const GIVE_UP_MS = 30 * 60_000
/** What was sent is remembered so long after the end. */
const REMEMBER_MS = 60 * 60_000

/** What a receiver was told of an incident; kept in the compacted topic. */
interface Sent {
  readonly event: 'page' | 'resolve'
  readonly version: number
  readonly at_ms: number
  readonly first: Notice['first']
}

interface Waiting {
  readonly notice: Notice
  readonly since_ms: number
  tries: number
  not_before_ms: number
}

export interface NotifierOptions {
  readonly receivers: readonly ReceiverConfig[]
  readonly emit: Emit
  readonly clock: () => number
  /** Keeps entries in the compacted topic; what was sent is remembered before anything else is sent to that receiver. */
  readonly keep: (entries: readonly StateEntry[]) => Promise<void>
  /** For tests of time: calls back after so many ms. */
  readonly later?: (run: () => void, ms: number) => () => void
  /** Between 0 and 1, for the jitter of waiting. */
  readonly chance?: () => number
}

export interface Notifier {
  restore(entries: Iterable<StateEntry>): void
  take(changes: readonly IncidentChange[]): void
  /** Nothing is waiting any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

/**
 * Tells receivers, each by its own queue: in order, within its rate, again after failures. What was told is kept, so that
 * a restart repeats nothing; what ought to have been told and was not, is told after it.
 */
export function createNotifier({
  receivers,
  emit,
  clock,
  keep,
  later = (run, ms) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  chance = Math.random,
}: NotifierOptions): Notifier {
  const queues = receivers.map((config) => new Queue({ config, emit, clock, keep, later, chance }))
  return {
    restore(entries) {
      const incidents = new Map<string, Incident>()
      const sent = new Map<string, string>()
      for (const { key, value } of entries) {
        if (value === null) continue
        if (key.startsWith('incident/')) incidents.set(key.slice(9), JSON.parse(value) as Incident)
        else if (key.startsWith('sent/')) sent.set(key, value)
      }
      for (const queue of queues) queue.restore(incidents, sent)
    },
    take(changes) {
      for (const change of changes) for (const queue of queues) queue.take(change)
    },
    async idle() {
      await Promise.all(queues.map((queue) => queue.idle()))
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()))
    },
  }
}

class Queue {
  private readonly config: ReceiverConfig
  private readonly options: Required<Omit<NotifierOptions, 'receivers'>>
  private readonly dialect
  private readonly guard
  private readonly waiting: Waiting[] = []
  private readonly sent = new Map<string, Sent>()
  /** Open incidents that this receiver was told of, as they are now. */
  private readonly open = new Map<string, Incident>()
  /** Incidents whose page was refused for good: updates do not try it again. */
  private readonly refused = new Set<string>()
  private readonly lately: number[] = []
  private running: Promise<void> | undefined
  private cancel: (() => void) | undefined
  private cancelRepeat: (() => void) | undefined
  private closed = false
  private watchers: (() => void)[] = []

  constructor({
    config,
    ...options
  }: { config: ReceiverConfig } & Required<Omit<NotifierOptions, 'receivers'>>) {
    this.config = config
    this.options = options
    this.dialect = dialectOf(config)
    this.guard = createAddressGuard(config.allow)
    if (this.dialect.repeat_ms !== undefined) this.repeatLater(this.dialect.repeat_ms)
  }

  private wanted({
    incident,
    severity = incident.severity,
  }: {
    incident: Incident
    severity?: string
  }): boolean {
    const { severities = ['critical', 'warning'], match } = this.config
    if (!severities.includes(severity)) return false
    return match === undefined || (matches(match, incident) && (match.hop ?? incident.hop) === incident.hop)
  }

  private key = (id: string): string => `sent/${this.config.name}/${id}`

  restore(incidents: ReadonlyMap<string, Incident>, entries: ReadonlyMap<string, string>): void {
    const prefix = this.key('')
    const forget: StateEntry[] = []
    for (const [key, value] of entries) {
      if (!key.startsWith(prefix)) continue
      const id = key.slice(prefix.length)
      const sent = JSON.parse(value) as Sent
      if (!incidents.has(id) && this.options.clock() - sent.at_ms > REMEMBER_MS)
        forget.push({ key, value: null })
      else this.sent.set(id, sent)
    }
    if (forget.length > 0) void this.options.keep(forget).catch((error: unknown) => this.failed(error, false))
    for (const incident of incidents.values()) {
      if (!incident.paged) continue
      const sent = this.sent.get(incident.id)
      if (incident.state === 'open') {
        if (sent?.event === 'page') this.open.set(incident.id, incident)
        else if (!incident.ended && this.wanted({ incident })) this.add('page', incident)
      } else if (sent?.event === 'page') this.add('resolve', incident)
    }
  }

  take({ notify, incident }: IncidentChange): void {
    const last = this.lastEvent(incident.id)
    const holds = last !== undefined && last !== 'resolve'
    if (this.open.has(incident.id)) this.open.set(incident.id, incident)
    // A receiver that wants no warnings gets its page when one becomes critical.
    const late = notify === 'update' && !this.refused.has(incident.id)
    if ((notify === 'page' || late) && !holds && this.wanted({ incident })) this.add('page', incident)
    else if (notify === 'update' && holds && this.config.updates) this.add('update', incident)
    else if (notify === 'resolve' && holds) this.add('resolve', incident)
    if (notify === 'resolve') this.refused.delete(incident.id)
  }

  /** What this receiver got last of an incident, or will get. */
  private lastEvent(id: string): Notice['event'] | undefined {
    return (
      this.waiting.findLast(({ notice }) => notice.incident.id === id)?.notice.event ??
      this.sent.get(id)?.event
    )
  }

  private add(event: Notice['event'], incident: Incident): void {
    const { id, severity, hop, rule } = incident
    const first = this.sent.get(id)?.first ??
      this.waiting.find((entry) => entry.notice.incident.id === id)?.notice.first ?? { severity, hop, rule }
    // Old news is not told when there is newer; a page that waits is told as the incident is now.
    for (let i = this.waiting.length - 1; i >= 0; i -= 1) {
      const item = this.waiting[i]!
      if (
        item.notice.incident.id === id &&
        (item.notice.event === 'update' || item.notice.event === event) &&
        item.tries === 0
      )
        this.waiting.splice(i, 1)
    }
    const now = this.options.clock()
    this.waiting.push({ notice: { event, incident, first }, since_ms: now, tries: 0, not_before_ms: now })
    this.wake()
  }

  private wake(): void {
    if (this.closed || this.running !== undefined) return
    this.cancel?.()
    this.cancel = undefined
    this.running = this.work().finally(() => {
      this.running = undefined
      if (this.waiting.length === 0) for (const watcher of this.watchers.splice(0)) watcher()
      else if (!this.closed) this.cancel = this.options.later(() => this.wake(), this.untilNext())
    })
  }

  /** One incident's messages stay in order. */
  private isHead = (entry: Waiting): boolean =>
    this.waiting.find(({ notice }) => notice.incident.id === entry.notice.incident.id) === entry

  private untilNext(): number {
    const now = this.options.clock()
    const { messages, per_ms } = this.dialect.limit
    const free = this.lately.length >= messages ? this.lately[this.lately.length - messages]! + per_ms : now
    const heads = this.waiting.filter((entry) => this.isHead(entry)).map((entry) => entry.not_before_ms)
    return Math.max(5, Math.min(...heads) - now, free - now)
  }

  private async work(): Promise<void> {
    for (;;) {
      const now = this.options.clock()
      const { messages, per_ms } = this.dialect.limit
      while (this.lately.length > 0 && this.lately[0]! <= now - per_ms) this.lately.shift()
      if (this.closed || this.lately.length >= messages) return
      const next = this.waiting.find((entry) => entry.not_before_ms <= now && this.isHead(entry))
      if (next === undefined) return
      this.lately.push(now)
      await this.send(next)
    }
  }

  private async send(entry: Waiting): Promise<void> {
    const { emit, clock, keep } = this.options
    const { event, incident, first } = entry.notice
    entry.tries += 1
    let outcome: Outcome = 'retry'
    let wait: number | undefined
    let why: unknown
    try {
      const answer = await post(this.dialect.compose(entry.notice, clock()), this.guard)
      outcome = this.outcomeOf(answer)
      wait = waitOf(answer.retryAfter, clock())
      if (outcome !== 'taken') why = new Error(`answered ${answer.status}: ${answer.body.slice(0, 200)}`)
    } catch (error) {
      outcome = (error as PostError).retriable === false ? 'refused' : 'retry'
      why = error
    }
    const now = clock()
    if (outcome === 'retry' && now - entry.since_ms < GIVE_UP_MS) {
      const back =
        Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (entry.tries - 1)) *
        (0.75 + 0.5 * this.options.chance())
      entry.not_before_ms = now + Math.max(wait ?? 0, back)
      this.failed(why, false)
      return
    }
    const at = this.waiting.indexOf(entry)
    if (at >= 0) this.waiting.splice(at, 1)
    if (outcome !== 'taken') {
      this.refused.add(incident.id)
      this.failed(why, true)
      return
    }
    emit({ type: 'notification_sent', receiver: this.config.name, event, incident: incident.id })
    if (event === 'update') return
    if (event === 'page') this.open.set(incident.id, this.open.get(incident.id) ?? incident)
    else this.open.delete(incident.id)
    const sent: Sent = { event, version: incident.version, at_ms: now, first }
    const before = this.sent.get(incident.id)
    this.sent.set(incident.id, sent)
    // Told again only because the receiver forgets: nothing new to remember.
    if (before?.event === event) return
    try {
      await keep([{ key: this.key(incident.id), value: JSON.stringify(sent) }])
    } catch (error) {
      this.failed(error, false)
    }
  }

  private failed(error: unknown, final: boolean): void {
    this.options.emit({
      type: 'notification_failed',
      receiver: this.config.name,
      final: String(final),
      error,
    })
  }

  private outcomeOf({ status, body }: Answer): Outcome {
    if (status >= 200 && status < 300) return this.dialect.judge?.(body) ?? 'taken'
    return status === 408 || status === 425 || status === 429 || status >= 500 ? 'retry' : 'refused'
  }

  private repeatLater(ms: number): void {
    this.cancelRepeat = this.options.later(() => {
      if (this.closed) return
      for (const incident of this.open.values()) {
        if (!this.waiting.some((entry) => entry.notice.incident.id === incident.id))
          this.add('page', incident)
      }
      const now = this.options.clock()
      const old = [...this.sent].filter(
        ([id, { event, at_ms }]) => event === 'resolve' && !this.open.has(id) && now - at_ms > REMEMBER_MS,
      )
      for (const [id] of old) this.sent.delete(id)
      this.repeatLater(ms)
    }, ms)
  }

  idle(): Promise<void> {
    if (this.waiting.length === 0 && this.running === undefined) return Promise.resolve()
    return new Promise((resolve) => this.watchers.push(resolve))
  }

  async close(): Promise<void> {
    this.closed = true
    this.cancel?.()
    this.cancelRepeat?.()
    await this.running
    for (const watcher of this.watchers.splice(0)) watcher()
  }
}

/** ms that `Retry-After` asks for, at most ten minutes. */
function waitOf(value: string | undefined, now_ms: number): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - now_ms
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 600_000) : undefined
}
