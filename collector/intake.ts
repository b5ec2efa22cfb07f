import type { IncomingHttpHeaders } from 'node:http'
import { LogError } from '../log/log.ts'
import { validatorOf } from '../schemas/derive/validate.ts'
import { FLAGS } from '../schemas/envelope.ts'
import type { Answer, Inbound } from '../schemas/eventRoute.ts'
import { isKind, type Kind } from '../schemas/kinds/kinds.ts'
import type { Reason, Refusal } from '../schemas/reasons.ts'
import { refuseEvent, type Speaker } from './auth/speaker.ts'
import type { Addresses } from './enrich/addresses.ts'
import type { Origin } from './enrich/trustedProxies.ts'
import type { UserAgent } from './enrich/userAgent.ts'
import { eventTime, type SenderClock } from './eventTime.ts'
import { refused, refusedFor } from './http/answers.ts'
import type { Advice } from './limits/advice.ts'
import type { Limits } from './limits/limits.ts'
import { networkOf } from './limits/networkOf.ts'
import type { Batcher } from './rows/batcher.ts'
import type { DeadLetters } from './rows/deadLetters.ts'
import type { RowContext, RowWriter, Sender } from './rows/rowWriter.ts'
import type { Tally } from './tally.ts'
import { isTrusted, type SessionTrust } from './trust/sessionTrust.ts'
import { keepUntilReturn } from './trust/untilReturn.ts'

type Values = Readonly<Record<string, unknown>>

/** Events of one sender, with the context they share (already validated). */
export interface Offer {
  readonly speaker: Speaker
  readonly source: string
  readonly context: Values
  readonly events: readonly unknown[]
  readonly sender?: SenderClock
  /** Taken one by one besides the event's own checks: which flag bits it gets. */
  readonly flagsOf?: (index: number) => number
  /** Facts of a machine on the link: the address it speaks from says nothing about a viewer. */
  readonly fromServer?: boolean
}

export interface Taken {
  readonly accepted: number
  readonly refused: readonly { readonly index: number; readonly code: Reason; readonly detail?: string }[]
}

/** The steps validate → enrich → columns, shared by every address of the collector. */
export interface Intake {
  /** One clock reading for a whole request; never earlier than the one before. */
  received(): number
  /** Why nothing can be taken now, or undefined. */
  busy(): Answer | undefined
  take(request: Pick<Inbound, 'headers' | 'remoteAddress'>, offer: Offer, received_ms: number): Taken
  /** Why a request may not be taken now: 429 when it is more than its key or network may send. */
  admit(request: Inbound, speaker: Speaker, events: number, received_ms: number): Answer | undefined
  /** Refuses a request; it is counted, and nothing of it is kept. */
  refuse(refusal: Refusal): Answer
  /** Sets a whole body apart. */
  refuseBody(tenant: string, refusal: Refusal, body: Buffer, received_ms: number): void
  /** Resolves with the answer when everything taken until now is durable, or with a 503 when it cannot be. */
  whenDurable(answer: Answer): Promise<Answer>
}

/** An event that was stored and not believed, with all it needs to be judged again. */
interface Doubted {
  readonly userAgent: string | undefined
  readonly row: RowContext
  readonly kind: Kind
  readonly event: Values
  readonly event_time: number
  readonly flags: number
}

export interface IntakeOptions {
  readonly clock: () => number
  readonly batcher: Batcher
  readonly writer: RowWriter
  readonly deadLetters: DeadLetters
  readonly tally: Tally
  readonly addresses: Addresses
  readonly limits: Limits
  readonly trust: SessionTrust
  readonly advice: Advice
  readonly origin: (remoteAddress: string, headers: IncomingHttpHeaders) => Origin
  readonly userAgent: (header: string | undefined) => UserAgent
  /** The show that declared a stream, for reports that name only the stream. */
  readonly showOf?: (tenant: string, stream: string) => string | undefined
}

const RETRY_AFTER_s = 2
/** Answers that are sent before the event loop turns: a few milliseconds of work. */
const ANSWERS_AT_ONCE = 256
/** The clock does not fall by more than this unless it was set back. */
const SET_BACK_MS = 2_000
const NO_CLOCK: SenderClock = {}
const CUT = 16_384
const NOT_BELIEVED: Refusal = { code: 'not_believed' }

/** Makes the steps that every route shares, from admission to the batcher; see `Intake`. */
export function createIntake(options: IntakeOptions): Intake {
  const { batcher, writer, deadLetters, tally, addresses } = options
  const untilReturn = keepUntilReturn<Doubted>()
  let last_ms = 0
  let shared: { durable: Promise<void>; groups: Map<Answer, AnswerGroup> } | undefined

  let originRequest: unknown
  let lastOrigin: Origin | undefined
  /** Of the request that is being taken: it is needed twice. */
  function originOf(request: Pick<Inbound, 'headers' | 'remoteAddress'>): Origin {
    if (originRequest !== request || lastOrigin === undefined) {
      lastOrigin = options.origin(request.remoteAddress, request.headers)
      originRequest = request
    }
    return lastOrigin
  }

  function contextOf(
    request: Pick<Inbound, 'headers' | 'remoteAddress'>,
    offer: Offer,
    received_ms: number,
  ): RowContext {
    const { headers } = request
    const origin = originOf(request)
    const server = offer.fromServer === true
    const agent = options.userAgent(server ? undefined : headers['user-agent'])
    const clock = offer.sender?.clock
    const network = networkOf(origin.address)
    const sender: Sender = {
      tenant: offer.speaker.tenant,
      received_ms,
      prefix: server || offer.speaker.role === 'server' ? undefined : network.prefix,
      isPrivate: network.isPrivate,
      trusted: server ? { country: '', region: '', isp: '' } : origin,
      place: server ? { country: '', isp: '' } : addresses.placeOf(origin.address),
      device: agent.device,
      os: agent.os,
      address: origin.address,
      isJudged: !server && offer.speaker.role === 'player',
      source: offer.speaker.source ?? offer.source,
      maxWeight: offer.speaker.maxWeight,
      clock_offset_ms: clock?.offset_ms,
      clock_error_ms: clock?.error_ms,
    }
    return writer.prepare(sender, offer.context)
  }

  return {
    received() {
      // Ticks promise that nothing older comes behind them, so time stands still for a small correction of the clock. A
      // clock that was set back is followed: the watcher sees its ticks fall and starts anew.
      const now_ms = options.clock()
      last_ms = now_ms < last_ms - SET_BACK_MS ? now_ms : Math.max(last_ms, now_ms)
      return last_ms
    },
    busy: () =>
      batcher.room()
        ? undefined
        : { ...refusedFor('unavailable', 'the log is behind'), retryAfter: RETRY_AFTER_s },
    take(request, offer, received_ms) {
      const row = contextOf(request, offer, received_ms)
      const { show, stream } = offer.context as { show?: unknown; stream?: unknown }
      const refusals: { index: number; code: Reason; detail?: string }[] = []
      for (let index = 0; index < offer.events.length; index += 1) {
        let event = offer.events[index] as Values
        // Who reports only a stream (a media server's hook) belongs to the show that declared it.
        if (
          options.showOf !== undefined &&
          !show &&
          typeof event === 'object' &&
          event !== null &&
          !event.show
        ) {
          const declared = options.showOf(offer.speaker.tenant.name, String(event.stream ?? stream ?? ''))
          if (declared !== undefined) event = { ...event, show: declared }
        }
        const refusal = takeOne(request, row, event, offer, received_ms, offer.flagsOf?.(index) ?? 0)
        if (refusal === undefined) continue
        refusals.push({ index, ...refusal })
        tally.refused(refusal.code)
        // Nothing is wrong with it, and nobody will look at it.
        if (refusal.code === 'not_believed') continue
        deadLetters.put({
          tenant: offer.speaker.tenant.name,
          received_ms,
          refusal,
          ...described(event, offer.context),
        })
      }
      return { accepted: offer.events.length - refusals.length, refused: refusals }
    },
    admit(request, speaker, events, received_ms) {
      return options.limits.admit({
        speaker,
        network: networkOf(originOf(request).address),
        events,
        bytes: request.body.length,
        received_ms,
      })
    },
    refuse(refusal) {
      tally.refused(refusal.code)
      return refused(refusal)
    },
    refuseBody(tenant, refusal, body, received_ms) {
      tally.refused(refusal.code)
      deadLetters.put({ tenant, received_ms, refusal, body: body.toString('utf8', 0, CUT) })
    },
    whenDurable(answer) {
      const durable = batcher.durable()
      // Nearly all requests of a batch get the same answers, so they can wait for the same promises.
      if (shared?.durable !== durable) shared = { durable, groups: new Map() }
      let group = shared.groups.get(answer)
      if (group === undefined || group.requests >= ANSWERS_AT_ONCE) {
        group = nextGroup(durable, answer, group)
        shared.groups.set(answer, group)
      }
      group.requests += 1
      return group.promise
    },
  }

  function trustOf(
    { sender, context }: RowContext,
    userAgent: string | undefined,
    kind: Kind,
    event: Values,
    event_time: number,
  ): number {
    return options.trust({
      tenant: sender.tenant.name,
      session: sessionOf(context, event),
      kind,
      event,
      event_time,
      received_ms: sender.received_ms,
      userAgent,
      address: sender.address,
      clock_offset_ms: sender.clock_offset_ms,
    })
  }

  function sampledOf({ sender, context }: RowContext, kind: Kind, event: Values): number | undefined {
    if (kind !== 'heartbeat' || !sender.isJudged) return undefined
    return options.advice.weight(sender.tenant, sessionOf(context, event), sender.received_ms)
  }

  function keepDoubted(doubted: Doubted, session: string): void {
    const { tenant, prefix, isPrivate, received_ms } = doubted.row.sender
    const network = isPrivate || prefix === undefined ? '' : prefix
    const bytes = JSON.stringify(doubted.event).length + JSON.stringify(doubted.row.context).length
    untilReturn.keep(doubted, { tenant: tenant.name, session, network, bytes, received_ms })
  }

  /** Counts what a session said before it came back, as far as it can be believed now: it is stored again, as received now. */
  function believeEarlier(tenant: string, session: string, received_ms: number): void {
    for (const earlier of untilReturn.take(tenant, session, received_ms)) {
      const { userAgent, kind, event, event_time } = earlier
      const row = writer.prepare({ ...earlier.row.sender, received_ms }, earlier.row.context)
      const trust = trustOf(row, userAgent, kind, event, event_time)
      if (!isTrusted(trust)) continue
      const flags = earlier.flags | FLAGS.believed_later.bit
      writer.write(row, kind, event, { event_time, flags, trust, sampled: sampledOf(row, kind, event) })
    }
  }

  function takeOne(
    request: Pick<Inbound, 'headers'>,
    row: RowContext,
    event: Values,
    offer: Offer,
    received_ms: number,
    flags: number,
  ): Refusal | undefined {
    if (typeof event !== 'object' || event === null || Array.isArray(event))
      return { code: 'wrong_type', detail: 'an event is an object' }
    const { kind } = event
    if (typeof kind !== 'string' || !isKind(kind))
      return {
        code: 'unknown_kind',
        detail: typeof kind === 'string' ? kind.slice(0, 40) : 'kind is missing',
      }
    const refusal = validatorOf(kind)(event) ?? refuseEvent(offer.speaker, kind, event, offer.source)
    if (refusal !== undefined) return refusal
    const time = eventTime(event.time_ms as number | undefined, offer.sender ?? NO_CLOCK, received_ms)
    if (time.late_ms !== undefined)
      return { code: 'too_late', detail: `time_ms: ${Math.round(time.late_ms / 1000)} s before it came` }
    const { isJudged, tenant, prefix, isPrivate } = row.sender
    const { event_time } = time
    const userAgent = request.headers['user-agent']
    const trust = isJudged ? trustOf(row, userAgent, kind, event, event_time) : undefined
    const bits = time.flags | flags
    if (trust !== undefined) {
      const session = sessionOf(row.context, event)
      if (isTrusted(trust)) believeEarlier(tenant.name, session, received_ms)
      else {
        tally.setApart(tenant.name)
        const network = isPrivate ? undefined : prefix
        if (!options.limits.keepsApart({ tenant: tenant.name, network, received_ms })) return NOT_BELIEVED
        // A private address is no crowd: what is wrong there is its own. Without a number it could not be told from a second one.
        if (network !== undefined && session !== '' && (event.seq as number) > 0)
          keepDoubted({ userAgent, row, kind, event, event_time, flags: bits }, session)
      }
    }
    writer.write(row, kind, event, { event_time, flags: bits, trust, sampled: sampledOf(row, kind, event) })
    tally.taken(kind)
    return undefined
  }
}

const sessionOf = (context: Values, event: Values): string =>
  (event.session || context.session || '') as string

/** Requests that are answered in one go. */
interface AnswerGroup {
  readonly promise: Promise<Answer>
  /** Resolves when it is answered, either way. */
  readonly over: Promise<unknown>
  requests: number
}

/** Between two groups the event loop turns: new requests are read, and refused, while a large batch is answered. */
function nextGroup(durable: Promise<void>, answer: Answer, before: AnswerGroup | undefined): AnswerGroup {
  const turn = before?.over.then(() => new Promise<void>((resolve) => setImmediate(resolve)))
  const promise = settled(turn === undefined ? durable : turn.then(() => durable), answer)
  return { promise, over: promise, requests: 0 }
}

function settled(durable: Promise<void>, answer: Answer): Promise<Answer> {
  return durable.then(
    () => answer,
    (error: unknown) =>
      error instanceof LogError && !error.retriable && error.code !== 'closed'
        ? refusedFor('internal')
        : { ...refusedFor('unavailable'), retryAfter: RETRY_AFTER_s },
  )
}

export const VALUE_DROPPED = FLAGS.value_dropped.bit

function described(event: unknown, context: Values): { kind: string; session: string; body: string } {
  const values = (typeof event === 'object' && event !== null ? event : {}) as Values
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    kind: text(values.kind),
    session: text(values.session) || text(context.session),
    body: JSON.stringify(event)?.slice(0, CUT) ?? '',
  }
}
