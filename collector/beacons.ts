import { BEACON_LIMITS } from '../schemas/beacon.ts'
import { validateContext } from '../schemas/derive/validate.ts'
import { ENVELOPE } from '../schemas/envelope.ts'
import type { Answer, Inbound } from '../schemas/eventRoute.ts'
import { rangeOf } from '../schemas/field.ts'
import type { Refusal } from '../schemas/reasons.ts'
import type { Authenticated } from './auth/authenticate.ts'
import { refuseShared, type Speaker } from './auth/speaker.ts'
import type { SenderClock } from './eventTime.ts'
import { json, NO_CONTENT, refused } from './http/answers.ts'
import type { Endpoint } from './http/endpoint.ts'
import { nestedDeeper } from './http/nesting.ts'
import type { Intake } from './intake.ts'
import type { Advice } from './limits/advice.ts'

type Values = Readonly<Record<string, unknown>>

/** A beacon whose outside is right; its events are not looked at yet. */
interface Decoded {
  readonly key: string | undefined
  readonly sender: SenderClock
  readonly context: Values
  readonly events: readonly unknown[]
}

/** What beacons report as, unless a server key says otherwise. */
const SOURCE = 'sdk'
const DEPTH = 8
const NO_CONTEXT: Values = {}
const OFFSET = rangeOf(ENVELOPE.clock_offset_ms)
const ERROR = rangeOf(ENVELOPE.clock_error_ms)

const bad = (detail: string): Refusal => ({ code: 'bad_beacon', detail })
const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isWithin = (value: unknown, { min, max }: { min: number; max: number }): value is number =>
  typeof value === 'number' && value >= min && value <= max

/** The step `decode`: bytes → a beacon, or why they are none. The JSON is parsed here and never again. */
export const decodeBeacon = (limits: { readonly events: number; readonly depth: number }) =>
  function decoded(body: Buffer): Decoded | Refusal {
    if (nestedDeeper(body, limits.depth))
      return { code: 'too_deep', detail: `more than ${limits.depth} levels` }
    let beacon: unknown
    try {
      beacon = JSON.parse(body.toString())
    } catch (error) {
      return { code: 'bad_json', detail: (error as Error).message.slice(0, 100) }
    }
    if (!isObject(beacon)) return bad('the body is no object')
    let key: string | undefined
    let sent_ms: number | undefined
    let clock: SenderClock['clock']
    let context = NO_CONTEXT
    let events: readonly unknown[] | undefined
    for (const name in beacon) {
      const value = beacon[name]
      if (name === 'events') {
        if (!Array.isArray(value)) return bad('events is no list')
        events = value
      } else if (value === null) continue
      else if (name === 'context') {
        if (!isObject(value)) return bad('context is no object')
        context = value
      } else if (name === 'key') {
        if (typeof value !== 'string') return bad('key is no text')
        key = value
      } else if (name === 'sent_ms') {
        if (typeof value !== 'number') return bad('sent_ms is no number')
        sent_ms = value
      } else if (name === 'clock') {
        if (!isObject(value) || !isWithin(value.offset_ms, OFFSET)) return bad('clock.offset_ms is no offset')
        const { error_ms } = value
        clock = { offset_ms: value.offset_ms, error_ms: isWithin(error_ms, ERROR) ? error_ms : undefined }
      } else return bad(`unknown key ${name.slice(0, 40)}`)
    }
    if (events === undefined) return bad('events is missing')
    if (events.length > limits.events)
      return { code: 'too_many_events', detail: `${events.length}; ${limits.events} are taken` }
    return { key, sender: { sent_ms, clock }, context, events }
  }

export interface BeaconsOptions {
  readonly intake: Intake
  readonly authenticated: Authenticated
  readonly advice: Advice
}

const sessionOf = ({ context, events }: Decoded): string =>
  String(context.session || (events[0] as Values | null | undefined)?.session || '')

/** `POST /v1/beacons`: decode → authenticate → validate → enrich → columns → log. */
export function beacons({ intake, authenticated, advice }: BeaconsOptions): Endpoint {
  const decoded = decodeBeacon({ events: BEACON_LIMITS.events, depth: DEPTH })

  function handle(request: Inbound): Answer | Promise<Answer> {
    const busy = intake.busy()
    if (busy !== undefined) return busy
    const received_ms = intake.received()
    const beacon = decoded(request.body)
    if ('code' in beacon) return setApart(request, beacon, received_ms)
    const speaker = authenticated(request, beacon.key)
    return speaker instanceof Promise
      ? speaker.then((known) => take(request, beacon, known, received_ms))
      : take(request, beacon, speaker, received_ms)
  }

  /** One answer for each advice, so that requests can wait for the same promise. */
  const answers = new Map<string, Answer>()
  function taking(advised: string): Answer {
    let answer = answers.get(advised)
    if (answer === undefined) answers.set(advised, (answer = { ...NO_CONTENT, advice: advised }))
    return answer
  }

  function take(
    request: Inbound,
    beacon: Decoded,
    speaker: Speaker | Refusal,
    received_ms: number,
  ): Answer | Promise<Answer> {
    if ('code' in speaker) return intake.refuse(speaker)
    const { context, events, sender } = beacon
    const refusal = validateContext(context) ?? refuseShared(speaker, context, SOURCE)
    if (refusal !== undefined)
      return setApart(request, { ...refusal, detail: `context.${refusal.detail}` }, received_ms, speaker)
    const limited = intake.admit(request, speaker, events.length, received_ms)
    if (limited !== undefined) return limited
    // All of no events are accepted: a sender can try its key so. It counts as a request.
    if (events.length === 0) return NO_CONTENT
    const taken = intake.take(request, { speaker, source: SOURCE, context, events, sender }, received_ms)
    const advised =
      speaker.role === 'player'
        ? advice.header(speaker.tenant, sessionOf(beacon), received_ms)
        : advice.interval()
    if (taken.refused.length === 0)
      return intake.whenDurable(advised === undefined ? NO_CONTENT : taking(advised))
    const answer: Answer = { ...json(taken), advice: advised }
    // Dead letters wait for nobody, and nothing else was written.
    return taken.accepted === 0 ? answer : intake.whenDurable(answer)
  }

  /** A body without a known key is nobody's dead letter. */
  function setApart(request: Inbound, refusal: Refusal, received_ms: number, speaker?: Speaker): Answer {
    const known = speaker ?? authenticated(request)
    const tenant = known instanceof Promise || 'code' in known ? '' : known.tenant.name
    intake.refuseBody(tenant, refusal, request.body, received_ms)
    return refused(refusal)
  }

  // The last is what curl says when nobody told it otherwise; browsers may send it across origins as they may text/plain.
  const contentTypes = ['application/json', 'text/plain', 'application/x-www-form-urlencoded']
  return { method: 'POST', path: '/v1/beacons', contentTypes, handle }
}
