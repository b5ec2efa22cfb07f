import type { IncomingHttpHeaders } from 'node:http'
import { BEACON_LIMITS } from '../../schemas/beacon.ts'
import { validateContext } from '../../schemas/derive/validate.ts'
import { CLIENT_FIELDS } from '../../schemas/envelope.ts'
import type { Answer, Inbound } from '../../schemas/eventRoute.ts'
import { type FieldSpec, maxLengthOf } from '../../schemas/field.ts'
import type { Reason, Refusal } from '../../schemas/reasons.ts'
import type { Authenticated } from '../auth/authenticate.ts'
import { refuseShared, type Speaker } from '../auth/speaker.ts'
import { DEMO } from '../auth/tenants.ts'
import { json, NO_CONTENT, refused } from '../http/answers.ts'
import type { Endpoint } from '../http/endpoint.ts'
import type { Intake } from '../intake.ts'
import { VALUE_DROPPED } from '../intake.ts'
import { type CmcdRecord, decodeCmcd, numberOf, textOf } from './decode.ts'
import { type CmcdMode, type NormalisedEvent, normaliseCmcd } from './normalise.ts'
import { type CmcdSessions, newSession } from './sessions.ts'

const HEADERS = ['cmcd-request', 'cmcd-object', 'cmcd-status', 'cmcd-session'] as const
const LONGEST_SESSION = maxLengthOf(CLIENT_FIELDS.session)
const PATH = '/v1/cmcd'
const SOURCE = 'cmcd'
/** A clock further ahead is wrong; one further behind too, unless a batch waited that long. */
const AHEAD_MS = 2_000
const BEHIND_MS = 10 * 60_000

export interface CmcdOptions {
  readonly intake: Intake
  readonly sessions: CmcdSessions
  readonly authenticated: Authenticated
  /** Whether reports without a key are taken for the tenant `demo`. */
  readonly demo: boolean
}

/** The dimensions a target's address names: `?show=gala&cdn=a`. */
export function contextOf(query: Readonly<Record<string, string>>): Record<string, unknown> {
  const context: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<FieldSpec>(CLIENT_FIELDS)) {
    const value = query[name]
    if (value === undefined) continue
    if (field.type === 'label' || field.type === 'text') context[name] = value
    else if (field.type === 'flag') context[name] = value === '1' || value === 'true'
    else context[name] = Number(value)
  }
  return context
}

/** The record of a request: the headers win over the query argument. */
function requestRecord(
  query: Readonly<Record<string, string>>,
  headers: IncomingHttpHeaders,
): string | undefined {
  const parts = HEADERS.flatMap((name) => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? [value] : []
  })
  return parts.length > 0 ? parts.join(',') : (query.CMCD ?? query.cmcd)
}

/** `POST /v1/cmcd` (event mode, a record a line) and `GET|POST /v1/cmcd?CMCD=…` or with headers (request mode). */
export function cmcdEndpoints({ intake, sessions, authenticated, demo }: CmcdOptions): Endpoint[] {
  function handle(request: Inbound): Answer | Promise<Answer> {
    const busy = intake.busy()
    if (busy !== undefined) return busy
    const speaker = authenticated(request, undefined, demo ? DEMO : undefined)
    return speaker instanceof Promise
      ? speaker.then((known) => takeRequest(request, known))
      : takeRequest(request, speaker)
  }

  function takeRequest(request: Inbound, speaker: Speaker | Refusal): Answer | Promise<Answer> {
    if ('code' in speaker) return intake.refuse(speaker)
    const context = contextOf(request.query)
    const received_ms = intake.received()
    const wrong = validateContext(context) ?? refuseShared(speaker, context, SOURCE)
    if (wrong !== undefined) return refused({ ...wrong, detail: `in the address: ${wrong.detail}` })
    const lines =
      request.body.length === 0
        ? []
        : request.body
            .toString()
            .split(/\r?\n/)
            .filter((line) => line.trim() !== '')
    if (lines.length > BEACON_LIMITS.events)
      return refused({
        code: 'too_many_events',
        detail: `${lines.length}; ${BEACON_LIMITS.events} are taken`,
      })
    const limited = intake.admit(request, speaker, Math.max(1, lines.length), received_ms)
    if (limited !== undefined) return limited
    if (lines.length > 0) return take(request, speaker, context, lines, 'event', received_ms)
    const record = requestRecord(request.query, request.headers)
    if (record !== undefined) return take(request, speaker, context, [record], 'request', received_ms)
    return request.method === 'POST'
      ? NO_CONTENT
      : refused({ code: 'bad_cmcd', detail: 'no CMCD in query or headers' })
  }

  function take(
    request: Inbound,
    speaker: Speaker,
    context: Readonly<Record<string, unknown>>,
    lines: readonly string[],
    mode: CmcdMode,
    received_ms: number,
  ): Answer | Promise<Answer> {
    const bad: { index: number; code: Reason; detail?: string }[] = []
    const records: CmcdRecord[] = []
    const lineOf: number[] = []
    lines.forEach((line, index) => {
      const record = decodeCmcd(line)
      if ('code' in record) {
        bad.push({ index, ...record })
        intake.refuseBody(speaker.tenant.name, record, Buffer.from(line), received_ms)
      } else {
        records.push(record)
        lineOf.push(index)
      }
    })
    if (records.length === 0) return refused(bad[0]!)
    const events = normaliseAll({ records, mode, tenant: speaker.tenant.name, received_ms, sessions })
    const taken = intake.take(
      request,
      {
        speaker,
        source: SOURCE,
        context,
        events: events.map(({ event }) => event),
        flagsOf: (index) => (events[index]!.dropped ? VALUE_DROPPED : 0),
      },
      received_ms,
    )
    // A report may have become two events; it is refused when one of them is.
    const lost = new Map(taken.refused.map((refusal) => [lineOf[events[refusal.index]!.record]!, refusal]))
    const accepted = records.length - lost.size
    const all = [...bad, ...[...lost].map(([index, refusal]) => ({ ...refusal, index }))]
    return intake.whenDurable(all.length === 0 ? NO_CONTENT : json({ accepted, refused: all }))
  }

  const contentTypes = [
    'application/cmcd',
    'text/plain',
    'text/cmcd',
    'application/json',
    'application/x-www-form-urlencoded',
  ]
  return [
    { method: 'POST', path: PATH, contentTypes, handle },
    { method: 'GET', path: PATH, handle },
  ]
}

/** Reports of one body → events, on the collector's clock. */
export function normaliseAll(input: {
  readonly records: readonly CmcdRecord[]
  readonly mode: CmcdMode
  readonly tenant: string
  readonly received_ms: number
  readonly sessions: CmcdSessions
  /** When a report was, where something else than its `ts` says it. */
  readonly timeOf?: (index: number) => number
}): (NormalisedEvent & { readonly record: number })[] {
  const { records, mode, tenant, received_ms, sessions } = input
  const newest = Math.max(...records.map((record) => numberOf(record, 'ts') ?? Number.NEGATIVE_INFINITY))
  // A batch is sent when its last report is made: if that is not now, the clock is wrong by as much.
  const wrong = newest > received_ms + AHEAD_MS || newest < received_ms - BEHIND_MS
  const shift = wrong && Number.isFinite(newest) ? received_ms - newest : 0
  return records.flatMap((record, index) => {
    const ts = numberOf(record, 'ts')
    const at_ms = input.timeOf?.(index) ?? (ts === undefined ? received_ms : ts + shift)
    const sid = textOf(record, 'sid')
    // Too long a name is refused with its event, so nothing is remembered under it.
    const session =
      sid === undefined || sid.length > LONGEST_SESSION ? newSession() : sessions.of(tenant, sid, received_ms)
    return normaliseCmcd({ record, mode, at_ms, session }).map((event) => ({ ...event, record: index }))
  })
}
