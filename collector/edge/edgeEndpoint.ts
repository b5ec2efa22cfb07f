import { createHash } from 'node:crypto'
import type { Reason } from '../../schemas/reasons.ts'
import { type CmcdRecord, decodeCmcd, textOf } from '../cmcd/decode.ts'
import { normaliseAll } from '../cmcd/endpoints.ts'
import type { CmcdSessions } from '../cmcd/sessions.ts'
import { json, NO_CONTENT, refused, refusedFor } from '../http/answers.ts'
import type { Answer, Endpoint, Inbound } from '../http/endpoint.ts'
import type { Intake } from '../intake.ts'
import { VALUE_DROPPED } from '../intake.ts'
import { sameSecret, type Tenant } from '../tenants.ts'
import { countRequests } from './countRequests.ts'
import type { EdgeSource, LogFormat } from './edgeSource.ts'
import type { FieldMap } from './fieldMap.ts'
import { akamai } from './maps/akamai.ts'
import { alibaba } from './maps/alibaba.ts'
import { cloudfront } from './maps/cloudfront.ts'
import { fastly } from './maps/fastly.ts'
import { nginx } from './maps/nginx.ts'
import { type EdgeRequest, readLogLine } from './readLogLine.ts'

export const FIELD_MAPS: Readonly<Record<LogFormat, FieldMap>> = {
  cloudfront,
  fastly,
  akamai,
  alibaba,
  nginx,
}

/** The folder the file is in. */
const FOLDER = /([^/]+)\/[^/]*$/
const BODY_BYTES = 8 << 20
const SHOWN_REFUSALS = 100

export interface EdgeOptions {
  readonly intake: Intake
  readonly sessions: CmcdSessions
  readonly tenantNamed: (name: string) => Tenant
  readonly sources: Readonly<Record<string, EdgeSource>>
}

interface Known extends EdgeSource {
  readonly name: string
  readonly streamOf: RegExp
}

type Line = EdgeRequest & { readonly stream: string; readonly record: CmcdRecord | undefined }

/** `POST /v1/edge?source=…`: log lines of a CDN → `hop` events of the edge, and its viewers' CMCD → heartbeats. */
export function edgeEndpoint({ intake, sessions, tenantNamed, sources }: EdgeOptions): Endpoint {
  const known = new Map<string, Known>(
    Object.entries(sources).map(([name, source]) => [
      name,
      { ...source, name, streamOf: source.stream === undefined ? FOLDER : new RegExp(source.stream) },
    ]),
  )

  function handle(request: Inbound): Answer | Promise<Answer> {
    const source = known.get(request.query.source ?? '')
    if (source === undefined)
      return refusedFor('not_configured', `source ${(request.query.source ?? '').slice(0, 40)}`)
    if (!sameSecret(secretOf(request), source.secret)) return refusedFor('bad_signature')
    const busy = intake.busy()
    if (busy !== undefined) return busy
    const received_ms = intake.received()
    const lines: Line[] = []
    const bad: { index: number; code: Reason; detail?: string }[] = []
    request.body
      .toString()
      .split('\n')
      .forEach((text, index) => {
        const line = text.trim()
        if (line === '') return
        const read = readLogLine(line, FIELD_MAPS[source.format])
        if ('code' in read) {
          bad.push({ index, ...read })
          intake.refuseBody(source.tenant, read, Buffer.from(line), received_ms)
        } else lines.push(withStream(read, source))
      })
    if (lines.length === 0) return bad.length === 0 ? NO_CONTENT : refused(bad[0]!)
    takeHops(request, source, lines, received_ms)
    takeReports(request, source, lines, received_ms)
    const answer =
      bad.length === 0 ? NO_CONTENT : json({ accepted: lines.length, refused: bad.slice(0, SHOWN_REFUSALS) })
    return intake.whenDurable(answer)
  }

  const contextOf = ({ cdn, name, show, app }: Known): Record<string, unknown> => ({
    cdn: cdn ?? name,
    show,
    app,
  })

  function takeHops(request: Inbound, source: Known, lines: readonly Line[], received_ms: number): void {
    // A CDN that got no answer sends the same body again: its hash and the place in it tell the repeat.
    const session = `log-${createHash('sha256').update(request.body).digest('hex').slice(0, 32)}`
    const events = countRequests(lines).map((event, index) => ({ ...event, session, seq: index + 1 }))
    intake.take(
      request,
      {
        tenant: tenantNamed(source.tenant),
        source: 'cdn-log',
        context: contextOf(source),
        events,
        fromServer: true,
      },
      received_ms,
    )
  }

  function takeReports(request: Inbound, source: Known, lines: readonly Line[], received_ms: number): void {
    const reports = lines.filter((line) => line.record !== undefined)
    if (reports.length === 0) return
    const events = normaliseAll({
      records: reports.map(({ record }) => record!),
      mode: 'request',
      tenant: source.tenant,
      received_ms,
      sessions,
      timeOf: (index) => reports[index]!.time_ms,
    })
    intake.take(
      request,
      {
        tenant: tenantNamed(source.tenant),
        source: 'cmcd',
        context: contextOf(source),
        events: events.map(({ event, record }) => ({ ...event, edge: event.edge ?? reports[record]!.edge })),
        flagsOf: (index) => (events[index]!.dropped ? VALUE_DROPPED : 0),
        fromServer: true,
      },
      received_ms,
    )
  }

  return { method: 'POST', path: '/v1/edge', body_bytes: BODY_BYTES, handle }
}

function secretOf({ headers }: Inbound): string {
  const bearer = headers.authorization?.match(/^Bearer (.+)$/i)?.[1]
  const own = headers['x-firstframe-secret']
  return bearer ?? (typeof own === 'string' ? own : '')
}

function withStream(line: EdgeRequest, { streamOf }: Known): Line {
  const record = line.cmcd === undefined ? undefined : decodeCmcd(line.cmcd)
  const right = record === undefined || 'code' in record ? undefined : record
  const cid = right === undefined ? undefined : textOf(right, 'cid')
  return { ...line, record: right, stream: cid ?? streamOf.exec(line.path)?.[1] ?? '' }
}
