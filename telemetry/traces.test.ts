import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Fact } from '../schemas/facts.ts'
import { type BatchTimeline, createTraceSender, spansOf } from './traces.ts'

const timeline = (from: number): BatchTimeline => ({
  ...{ topic: 'firstframe.heartbeat', partition: 2, from, to: from + 9, table: 'heartbeat', rows: 400 },
  ...{ collector: 'c1', taken_ms: 1_000, appended_ms: 1_012, insert_began_ms: 1_300, insert_ended_ms: 1_380 },
})

test('a timeline is four spans, one inside the other, and the same range is the same trace', () => {
  const spans = spansOf(timeline(10))
  assert.deepEqual(
    spans.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [name, startTimeUnixNano, endTimeUnixNano]),
    [
      ['batch', '1000000000', '1380000000'],
      ['append', '1000000000', '1012000000'],
      ['wait', '1012000000', '1300000000'],
      ['insert', '1300000000', '1380000000'],
    ],
  )
  for (const { traceId, spanId } of spans) assert.match(`${traceId} ${spanId}`, /^[0-9a-f]{32} [0-9a-f]{16}$/)
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 4)
  assert.deepEqual(spansOf(timeline(10)), spans)
  assert.notEqual(spansOf(timeline(11))[0]!.traceId, spans[0]!.traceId)
  const behind = spansOf({ ...timeline(1), appended_ms: 900 })
  assert.equal(behind[1]!.endTimeUnixNano, behind[1]!.startTimeUnixNano, 'clocks may disagree')
})

test('a receiver that is away gets the newest thousand later; it is said once', async (t) => {
  const bodies: { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] }[] = []
  let status = 503
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    assert.equal(request.headers['content-type'], 'application/json')
    assert.equal(request.headers['x-scope'], 'a')
    if (status === 200) bodies.push(JSON.parse(text))
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`
  const facts: Fact[] = []
  const traces = createTraceSender({
    target: { url, headers: { 'x-scope': 'a' } },
    version: '1',
    emit: (fact) => void facts.push(fact),
  })
  for (let from = 0; from < 1_200; from += 1) traces.add(timeline(from))
  await traces.flush()
  await traces.flush()
  assert.deepEqual(
    facts.map(({ type }) => type),
    ['traces_failed'],
  )
  status = 200
  await traces.close()
  assert.equal(bodies.length, 1)
  assert.equal(bodies[0]!.resourceSpans[0]!.scopeSpans[0]!.spans.length, 4_000)
})
