import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { SpanKind } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ingestRoutes } from '../routes.ts'
import { callRoute, checked, NOW } from '../testing/callRoute.ts'
import { readProtobuf } from './protobuf.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const ns = (ms: number) => `${BigInt(Math.round(ms * 1000)) * 1000n}`

// The form is that of OTLP 1.x over HTTP in JSON (opentelemetry-proto, "JSON Protobuf Encoding"): 64-bit numbers are text.
const span = (more: object) => ({
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  name: 'POST /likes',
  kind: 2,
  startTimeUnixNano: ns(NOW),
  endTimeUnixNano: ns(NOW + 40),
  attributes: [
    text('http.route', '/likes/{room}'),
    text('http.request.method', 'POST'),
    { key: 'http.response.status_code', value: { intValue: '200' } },
  ],
  status: {},
  ...more,
})

const traces = (spans: object[], resource: object[] = []) =>
  json({
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'room'), ...resource] },
        scopeSpans: [{ scope: {}, spans }],
      },
    ],
  })

const send = (body: Buffer, headers = {}) => callRoute({}, '/v1/ingest/otlp/v1/traces', { body, headers })

test('spans of servers become calls of the room’s API, by route', async () => {
  const failed = span({
    endTimeUnixNano: ns(NOW + 80),
    attributes: [
      text('http.route', '/likes/{room}'),
      text('http.method', 'POST'),
      { key: 'http.status_code', value: { intValue: 503 } },
    ],
  })
  const client = span({ kind: 'SPAN_KIND_CLIENT' })
  const unnamed = span({ name: 'draw', kind: 'SPAN_KIND_SERVER', attributes: [], status: { code: 2 } })
  const answer = await send(traces([span({}), failed, client, unnamed]))
  assert.deepEqual([answer.status, answer.body], [200, '{}'])
  const rows = checked(answer.events).map(({ hop, node, requests, ttfb_ms, status_2xx, status_5xx }) => [
    hop,
    node,
    requests,
    ttfb_ms,
    status_2xx,
    status_5xx,
  ])
  assert.deepEqual(rows, [
    ['interaction', 'room POST /likes/{room}', 2, 60, 1, 1],
    ['interaction', 'room draw', 1, 40, 0, 1],
  ])
  const placed = await send(
    traces(
      [span({})],
      [text('firstframe.hop', 'origin'), text('firstframe.stream', 'main'), text('firstframe.show', 'gala')],
    ),
  )
  const [row] = checked(placed.events)
  assert.deepEqual([row!.hop, row!.stream, row!.show], ['origin', 'main', 'gala'])
})

test('what is no OTLP is refused with a word, and nothing throws', async () => {
  assert.equal((await send(Buffer.from('x'))).status, 400)
  assert.equal((await send(json({}), { 'content-type': 'application/x-protobuf' })).status, 400)
  assert.equal(
    (await send(Buffer.alloc(4_000, 0x0a), { 'content-type': 'application/x-protobuf' })).status,
    400,
  )
  for (const body of [
    {},
    { resourceSpans: 7 },
    { resourceSpans: [{ scopeSpans: [{ spans: [{ kind: 2 }, 4, null] }] }] },
  ])
    assert.deepEqual((await send(json(body))).events, [])
})

test('histograms of durations: cumulative ones are differences, deltas are taken as they are', async () => {
  const routes = ingestRoutes({ tenantOf: () => 'demo', emit: () => undefined, clock: () => NOW })
  const route = routes.find(({ path }) => path === '/v1/ingest/otlp/v1/metrics')!
  const post = async (count: number, sum: number, temporality: number | string = 2) => {
    const point = {
      timeUnixNano: ns(NOW),
      count: String(count),
      sum,
      attributes: [text('http.route', '/vote')],
    }
    const metric = {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: { aggregationTemporality: temporality, dataPoints: [point] },
    }
    const body = json({
      resourceMetrics: [
        { resource: { attributes: [text('service.name', 'room')] }, scopeMetrics: [{ metrics: [metric] }] },
      ],
    })
    const answer = await route.handle({
      method: 'POST',
      path: route.path,
      query: {},
      headers: {},
      remoteAddress: '',
      body,
    })
    return checked(answer.events).map(({ requests, ttfb_ms }) => [requests, Math.round(ttfb_ms as number)])
  }
  assert.deepEqual(await post(10, 1), [])
  assert.deepEqual(await post(30, 2), [[20, 50]])
  assert.deepEqual(await post(5, 0.5), [[5, 100]], 'it began again')
  assert.deepEqual(await post(4, 0.4, 'AGGREGATION_TEMPORALITY_DELTA'), [[4, 100]])
})

test('a megabyte of empty messages is refused before it has become half a million objects', () => {
  const empty = (pairs: number, tag: number) => Buffer.alloc(pairs * 2).fill(Buffer.from([tag, 0]))
  assert.equal(readProtobuf('traces', empty(500_000, 0x0a)), undefined)
  assert.equal(readProtobuf('metrics', empty(500_000, 0x0a)), undefined)
  assert.deepEqual(readProtobuf('traces', empty(1, 0x0a)), { resourceSpans: [{}] })
})

test('bytes that OpenTelemetry’s own exporters write in protobuf, their default, are read', async (context) => {
  const routes = ingestRoutes({ tenantOf: () => 'demo', emit: () => undefined, clock: () => NOW })
  const events: ReturnType<typeof checked> = []
  const types: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const packed = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(packed) : packed
    types.push(request.headers['content-type'])
    const route = routes.find(({ path }) => path === request.url)!
    const answer = await route.handle({
      method: 'POST',
      path: route.path,
      query: {},
      headers: request.headers as Record<string, string>,
      remoteAddress: '',
      body,
    })
    events.push(...checked(answer.events))
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ingest/otlp/v1`
  const resource = resourceFromAttributes({ 'service.name': 'room', 'firstframe.show': 'gala' })

  const spans = new TracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${url}/traces` }) })],
  })
  const served = spans.getTracer('t').startSpan('POST /likes', {
    kind: SpanKind.SERVER,
    startTime: NOW,
    attributes: {
      'http.route': '/likes/{room}',
      'http.request.method': 'POST',
      'http.response.status_code': 503,
    },
  })
  served.end(NOW + 40)
  await spans.forceFlush()
  await spans.shutdown()

  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({
      url: `${url}/metrics`,
      // Delta, so that the first export says something.
      temporalityPreference: 0,
    }),
    exportIntervalMillis: 60_000,
  })
  const meters = new MeterProvider({ resource, readers: [reader] })
  meters
    .getMeter('t')
    .createHistogram('http.server.request.duration', { unit: 's' })
    .record(0.25, { 'http.route': '/vote', 'http.response.status_code': 200 })
  await meters.forceFlush()
  await meters.shutdown()

  assert.deepEqual([...new Set(types)], ['application/x-protobuf'])
  assert.deepEqual(
    events.map(({ show, node, requests, ttfb_ms, status_2xx, status_5xx }) => [
      show,
      node,
      requests,
      Math.round(ttfb_ms as number),
      status_2xx,
      status_5xx,
    ]),
    [
      ['gala', 'room POST /likes/{room}', 1, 40, 0, 1],
      ['gala', 'room /vote', 1, 250, 1, 0],
    ],
  )
})
