import { createHash } from 'node:crypto'
import type { Answer, Inbound } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type NumberReader, numberReader } from '../../schemas/readNumber.ts'
import type { Reason } from '../../schemas/reasons.ts'
import { serverSpeaker } from '../auth/speaker.ts'
import { sameSecret, type Tenant } from '../auth/tenants.ts'
import { type CmcdRecord, decodeCmcd, textOf } from '../cmcd/decode.ts'
import { normaliseAll } from '../cmcd/endpoints.ts'
import type { CmcdSessions } from '../cmcd/sessions.ts'
import { json, NO_CONTENT, refused, refusedFor } from '../http/answers.ts'
import type { Endpoint } from '../http/endpoint.ts'
import type { Intake } from '../intake.ts'
import { VALUE_DROPPED } from '../intake.ts'
import { countRequests } from './countRequests.ts'
import type { EdgeSource, LogFormat } from './edgeSource.ts'
import type { FieldMap } from './fieldMap.ts'
import { type Envelope, type LogEntry, readLogBody } from './logBody.ts'
import { akamai } from './maps/akamai.ts'
import { alibaba } from './maps/alibaba.ts'
import { cloudflare } from './maps/cloudflare.ts'
import { cloudfront } from './maps/cloudfront.ts'
import { fastly } from './maps/fastly.ts'
import { gcp } from './maps/gcp.ts'
import { nginx } from './maps/nginx.ts'
import { type EdgeRequest, readLogLine } from './readLogLine.ts'

export const FIELD_MAPS: Readonly<Record<LogFormat, FieldMap>> = {
  cloudfront,
  fastly,
  akamai,
  alibaba,
  cloudflare,
  gcp,
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
  readonly emit: Emit
}

interface Known extends EdgeSource {
  readonly name: string
  readonly streamOf: RegExp
  readonly number: NumberReader
}

type Line = EdgeRequest & { readonly stream: string; readonly record: CmcdRecord | undefined }

interface ReadLines {
  readonly lines: Line[]
  readonly bad: { readonly index: number; readonly code: Reason; readonly detail?: string }[]
}

/** A sender that reads our answer as it reads everybody's. */
const PLAIN: Envelope = { accepted: () => NO_CONTENT, failed: (_, code) => refusedFor(code as Reason) }

/**
 * `POST /v1/edge?source=…`: log lines of a CDN → `hop` events of the edge (and of its origin, where the log has it), and
 * its viewers' CMCD → heartbeats.
 */
export function edgeEndpoint({ intake, sessions, tenantNamed, sources, emit }: EdgeOptions): Endpoint {
  const known = new Map<string, Known>(
    Object.entries(sources).map(([name, source]) => [
      name,
      {
        ...source,
        name,
        streamOf: source.stream === undefined ? FOLDER : new RegExp(source.stream),
        number: numberReader(`cdn-log:${source.format}`, emit),
      },
    ]),
  )

  function readLines(entries: readonly LogEntry[], source: Known, received_ms: number): ReadLines {
    const read: ReadLines = { lines: [], bad: [] }
    for (const [index, { line, columns }] of entries.entries()) {
      const request = readLogLine(line, FIELD_MAPS[source.format], source.number, columns ?? source.fields)
      if ('code' in request) {
        read.bad.push({ index, ...request })
        const text = typeof line === 'string' ? line : JSON.stringify(line)
        intake.refuseBody(source.tenant, request, Buffer.from(text), received_ms)
      } else read.lines.push(withStream(request, source))
    }
    return read
  }

  async function handle(request: Inbound): Promise<Answer> {
    const source = known.get(request.query.source ?? '')
    if (source === undefined)
      return refusedFor('not_configured', `source ${(request.query.source ?? '').slice(0, 40)}`)
    if (!presentedSecrets(request).some((secret) => sameSecret(secret, source.secret)))
      return refusedFor('bad_signature')
    const body = readLogBody(request, BODY_BYTES)
    if ('code' in body) return refused(body)
    const { entries, envelope = PLAIN } = body
    const busy = intake.busy()
    if (busy !== undefined) return envelope === PLAIN ? busy : { ...busy, ...envelope.failed(503, 'busy') }
    const received_ms = intake.received()
    const { lines, bad } = readLines(entries, source, received_ms)
    if (lines.length === 0 && bad.length > 0 && envelope === PLAIN) return refused(bad[0]!)
    if (lines.length > 0) {
      takeHops(request, source, lines, received_ms)
      takeReports(request, source, lines, received_ms)
    }
    const partly = bad.length > 0 && envelope === PLAIN
    const answer = partly
      ? json({ accepted: lines.length, refused: bad.slice(0, SHOWN_REFUSALS) })
      : envelope.accepted()
    if (lines.length === 0 && bad.length === 0) return answer
    const durable = await intake.whenDurable(answer)
    return durable === answer || envelope === PLAIN
      ? durable
      : { ...durable, ...envelope.failed(503, 'busy') }
  }

  const contextOf = ({ cdn, name, show, app }: Known): Record<string, unknown> => ({
    cdn: cdn ?? name,
    show,
    app,
  })

  function takeHops(request: Inbound, source: Known, lines: readonly Line[], received_ms: number): void {
    // A CDN that got no answer sends the same lines again: their hash and the place in them tell the repeat.
    const session = `log-${createHash('sha256').update(JSON.stringify(lines)).digest('hex').slice(0, 32)}`
    const events = countRequests(lines, source.hop, source.referers).map((event, index) => ({
      ...event,
      session,
      seq: index + 1,
    }))
    intake.take(
      request,
      {
        speaker: serverSpeaker(tenantNamed(source.tenant)),
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
        speaker: serverSpeaker(tenantNamed(source.tenant)),
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

/**
 * What a sender shows as its secret: `x-firstframe-secret`, Firehose's `X-Amz-Firehose-Access-Key`, `?token=` where no
 * header can be set, and `Authorization`, by any scheme: `Bearer …`, `Splunk …`, `Basic …` (its password) or bare. A sender
 * may show several: Pub/Sub's own `Authorization` stands beside our `?token=`.
 */
export function presentedSecrets({ headers, query }: Pick<Inbound, 'headers' | 'query'>): string[] {
  const { authorization = '' } = headers
  const [, scheme = '', value = ''] = /^([\w-]+)\s+(.+)$/.exec(authorization.trim()) ?? []
  const pair = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : undefined
  return [
    headers['x-firstframe-secret'],
    headers['x-amz-firehose-access-key'],
    query.token,
    pair === undefined ? value || authorization.trim() : pair.slice(pair.indexOf(':') + 1),
  ].filter((each): each is string => typeof each === 'string' && each !== '')
}

function withStream(line: EdgeRequest, { streamOf }: Known): Line {
  const record = line.cmcd === undefined ? undefined : decodeCmcd(line.cmcd)
  const right = record === undefined || 'code' in record ? undefined : record
  const cid = right === undefined ? undefined : textOf(right, 'cid')
  return { ...line, record: right, stream: cid ?? streamOf.exec(line.path)?.[1] ?? '' }
}

/**
 * `GET /.well-known/fastly/logging/challenge`: Fastly sends logs to a host only when it answers with the SHA-256 of the
 * service's id, one a line, or `*` for any service.
 */
export function fastlyChallenge(sources: EdgeOptions['sources']): Endpoint {
  const ids = Object.values(sources).filter(({ format }) => format === 'fastly')
  const anyService = ids.length === 0 || ids.some(({ service_ids = [] }) => service_ids.length === 0)
  const digest = (id: string) => createHash('sha256').update(id).digest('hex')
  const lines = anyService ? ['*'] : ids.flatMap(({ service_ids = [] }) => service_ids.map(digest))
  const answer: Answer = {
    status: 200,
    contentType: 'text/plain; charset=utf-8',
    body: `${lines.join('\n')}\n`,
  }
  return { method: 'GET', path: '/.well-known/fastly/logging/challenge', handle: () => answer }
}
