import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readSources } from '../sources.ts'
import { checked, NOW } from '../testing/callRoute.ts'
import { exporterMetrics } from './exporter.ts'
import { readPrometheus } from './readPrometheus.ts'

const emit = () => undefined
const page = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')

test('two pages of a real node_exporter, 2 s apart, become rates, growth and levels of a hop', () => {
  const read = exporterMetrics({
    hop: 'edge',
    node: 'edge-9',
    context: { show: 'gala', stream: 'main' },
    fields: {
      bitrate_in_kbps: {
        metric: 'node_network_receive_bytes_total{device="eth0"}',
        rate: true,
        scale: 0.008,
      },
      bytes_out: 'node_network_transmit_bytes_total{device!~"lo|ifb.*"}',
      cpu_ratio: { metric: 'node_cpu_seconds_total{mode!~"idle|iowait"}', rate: true },
      memory_bytes: 'node_memory_MemTotal_bytes',
    },
    emit,
  })
  const [first] = checked(read([page('node-exporter-1.txt')], NOW))
  assert.deepEqual(
    [first!.bitrate_in_kbps, first!.bytes_out, first!.cpu_ratio],
    [undefined, undefined, undefined],
  )
  const [second] = checked(read([page('node-exporter-2.txt')], NOW + 2_000))
  assert.deepEqual(
    [second!.hop, second!.node, second!.stream, second!.show, second!.source, second!.interval_ms],
    ['edge', 'edge-9', 'main', 'gala', 'prometheus', 2_000],
  )
  const sampleOf = (name: string, select: string) =>
    readPrometheus(page(name)).find((each) => each.name === select && each.labels.device === 'eth0')!.value
  const received =
    sampleOf('node-exporter-2.txt', 'node_network_receive_bytes_total') -
    sampleOf('node-exporter-1.txt', 'node_network_receive_bytes_total')
  assert.ok(Math.abs((second!.bitrate_in_kbps as number) - (received * 8) / 2_000) < 0.01)
  const sent =
    sampleOf('node-exporter-2.txt', 'node_network_transmit_bytes_total') -
    sampleOf('node-exporter-1.txt', 'node_network_transmit_bytes_total')
  assert.equal(second!.bytes_out, sent)
  assert.ok((second!.cpu_ratio as number) > 0 && (second!.cpu_ratio as number) < 3, String(second!.cpu_ratio))
  assert.ok((second!.memory_bytes as number) > 1e9)
})

test('OpenMetrics, quoted names, exemplars, NaN and restarts; a stream by its label', () => {
  const read = exporterMetrics({
    hop: 'origin',
    node: 'o',
    stream_label: 'path',
    fields: {
      requests: 'http_requests_total',
      clients: 'http.open',
      rtt_ms: { metric: 'rtt_seconds', scale: 1000 },
    },
    emit,
  })
  const text = (a: number, b: number) =>
    `# TYPE http_requests counter\n# UNIT rtt_seconds seconds\nhttp_requests_total{path="a\\"1",code="200"} ${a} # {trace_id="x"} 1 2\nhttp_requests_total{path="a\\"1",code="500"} ${b}\nhttp_requests_created{path="b"} 1.7e9\n{"http.open",path="b","odd label"="}"} 7 1795180000000\nrtt_seconds{path="b"} NaN\nrtt_seconds{path="c"} +Inf\nrtt_seconds{path="d"} 2.5e-02\nrtt_seconds 1\n# EOF\n`
  read([text(10, 5)], NOW)
  // One series began again, the other went on.
  const events = checked(read([text(4, 8)], NOW + 1_000))
  assert.deepEqual(
    events.map(({ stream, requests, clients, rtt_ms }) => [stream, requests, clients, rtt_ms]),
    [
      ['a"1', 7, undefined, undefined],
      ['b', undefined, 7, undefined],
      ['d', undefined, undefined, 25],
    ],
  )
  assert.throws(() => read(['<html>'], NOW), /metrics page/)
})

test('a mapping that cannot be used is refused in words that name it', () => {
  const source = (fields: object) =>
    readSources([{ type: 'prometheus', url: 'http://x/metrics', hop: 'edge', fields }])
  const error = (fields: object) => {
    const read = source(fields)
    return read.ok ? '' : read.error
  }
  assert.equal(error({ requests: 'a_total{b="c"}' }), '')
  assert.match(error({ request: 'a' }), /sources\[0\]\.fields: request is no number of a hop/)
  assert.match(error({ status: 'a' }), /status is no number/)
  assert.match(error({ requests: 'sum(a)' }), /no selector/)
  assert.match(error({ requests: 'a{b}' }), /no matcher/)
  assert.match(error({ requests: 'a{b=~"("}' }), /fields: /)
  assert.match(error({}), /fields/)
})
