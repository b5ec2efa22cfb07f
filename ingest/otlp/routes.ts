import type { EventAnswer, EventRoute, Inbound } from '../../schemas/eventRoute.ts'
import { numberReader } from '../../schemas/readNumber.ts'
import { type HookOptions, noteHook, tenantOfHook } from '../publishing.ts'
import { readObject } from '../readJson.ts'
import { type Calls, countCalls } from './countCalls.ts'
import { readProtobuf } from './protobuf.ts'
import { metricsReader } from './readMetrics.ts'
import { readTraces } from './readTraces.ts'

const SOURCE = 'otlp'
const JSON_TYPE = 'application/json'
const PROTOBUF_TYPE = 'application/x-protobuf'
const error = (status: number, message: string): EventAnswer => ({
  status,
  contentType: JSON_TYPE,
  body: JSON.stringify({ code: status, message }),
})

/**
 * `POST /v1/ingest/otlp/v1/traces` and `…/v1/metrics`: OTLP over HTTP, in protobuf or JSON. Spans of servers and histograms of
 * their durations become `hop` events, `hop: interaction` unless the resource says another (`firstframe.hop`). An exporter
 * is pointed at `/v1/ingest/otlp` and adds the rest itself.
 */
export function otlpRoutes(options: HookOptions): EventRoute[] {
  const readMetrics = metricsReader(numberReader(SOURCE, options.emit))

  const routeOf = (
    signal: 'traces' | 'metrics',
    read: (body: Readonly<Record<string, unknown>>, request: Inbound, tenant: string) => Calls[],
  ): EventRoute => ({
    method: 'POST',
    path: `/v1/ingest/otlp/v1/${signal}`,
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, SOURCE)
      if (tenant === undefined) return error(403, 'unknown_key')
      const isBinary = /protobuf/.test(request.headers['content-type'] ?? '')
      const body = isBinary ? readProtobuf(signal, request.body) : readObject(request.body)
      if (body === undefined) {
        noteHook(options, SOURCE, 'unreadable')
        return error(400, isBinary ? 'the body is not OTLP in protobuf' : 'the body is not a JSON object')
      }
      const events = countCalls(read(body, request, tenant), { tenant, source: SOURCE })
      // The answer has the form of the request; an empty message says that everything was taken.
      return isBinary
        ? { status: 200, contentType: PROTOBUF_TYPE, body: '', events }
        : { status: 200, contentType: JSON_TYPE, body: '{}', events }
    },
  })

  return [
    routeOf('traces', (body, { query }) => readTraces(body, query)),
    routeOf('metrics', (body, { query }, tenant) => readMetrics(body, query, tenant)),
  ]
}
