import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPrometheus } from '../../ingest/prometheus/readPrometheus.ts'
import { readPoints } from '../../main/roles/remoteWrite.ts'
import { startTestStore } from '../../store/testing.ts'
import { sendPoints, snappyLiterals } from '../../telemetry/remoteWrite.ts'
import { insertKnownShow } from '../analysts/knownShow.ts'
import { endWith, freePort, waitFor } from '../stream/index.ts'
import { findProgram } from '../stream/programs.ts'

test('a real Prometheus takes our metrics by remote write, once and again, and its own page is read as an exporter’s', {
  timeout: 60_000,
}, async (t) => {
  const own = endWith(t)
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-prometheus-'))
  own(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  await writeFile(join(folder, 'prometheus.yml'), 'global: {}\n')
  const url = `http://127.0.0.1:${await freePort()}`
  const server = spawn(findProgram('prometheus'), [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
    '--web.enable-remote-write-receiver',
  ])
  let log = ''
  server.stderr.on('data', (text) => (log += String(text)))
  own(() => new Promise((resolve) => server.once('exit', resolve).kill('SIGKILL')))
  await waitFor(
    () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { what: 'Prometheus', detail: () => log },
  )
  const target = { url: `${url}/api/v1/write` }
  // A show in a real store: what Prometheus says is what SQL says.
  const it = await startTestStore()
  own(() => it.stop())
  await insertKnownShow(it.store, Date.now() - 60_000)
  const [window] = await it.store.query<{ from_ms: number; stalled: number; share: number }>(
    `SELECT toFloat64(toUnixTimestamp(toStartOfInterval(received_time, INTERVAL 10 SECOND))) * 1000 AS from_ms,
      sum(weight * stalled_ms) AS stalled, stalled / (stalled + sum(weight * played_ms)) AS share
    FROM heartbeat WHERE tenant = 'demo' AND show = 'gala' AND NOT synthetic GROUP BY from_ms HAVING stalled > 0 ORDER BY from_ms DESC LIMIT 1`,
  )
  const points = await readPoints(it.store, window!.from_ms)
  assert.ok(
    points.length > 10 &&
      points.every(
        ({ value, at_ms: end_ms }) => Number.isFinite(value) && end_ms === window!.from_ms + 10_000,
      ),
  )
  const named = points.filter(
    ({ name, labels: { show } }) => name === 'firstframe_metric_rebuffering_ratio' && show === 'gala',
  )
  assert.ok(named.length > 0)
  await sendPoints(target, points)
  const time = String(window!.from_ms / 1000 + 10)
  const answer = await fetch(
    `${url}/api/v1/query?${new URLSearchParams({ query: 'firstframe_metric_rebuffering_ratio{show="gala"}', time })}`,
  )
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  assert.deepEqual(
    data.result.map(({ metric, value }) => [metric.stream, Number(value[1])]).sort(),
    named.map(({ labels: { stream }, value }) => [stream, value]).sort(),
  )
  if (named.length === 1) assert.ok(Math.abs(named[0]!.value - window!.share) < 1e-6)

  const at_ms = Math.floor(Date.now() / 10_000) * 10_000
  const labels = { tenant: 'demo', show: 'gala "直播"', stream: 'main', empty: '' }
  const point = { name: 'firstframe_metric_rebuffering_ratio', labels, value: 0.0123, at_ms }
  // More than one literal of snappy, and a window that is sent again after an answer was lost.
  const many = Array.from({ length: 3_000 }, (_, index) => ({
    ...point,
    labels: { ...labels, stream: `s${index}` },
  }))
  await sendPoints(target, [point, ...many])
  await sendPoints(target, [point])
  const ask = async (query: string) => {
    const answer = await fetch(
      `${url}/api/v1/query?${new URLSearchParams({ query, time: String(at_ms / 1000 + 1) })}`,
    )
    return ((await answer.json()) as { data: { result: { metric: object; value: [number, string] }[] } }).data
      .result
  }
  const [found] = await ask('firstframe_metric_rebuffering_ratio{stream="main"}')
  assert.deepEqual(found!.metric, {
    __name__: point.name,
    tenant: 'demo',
    show: 'gala "直播"',
    stream: 'main',
  })
  assert.equal(found!.value[1], '0.0123')
  assert.equal((await ask('count(firstframe_metric_rebuffering_ratio)'))[0]!.value[1], '3001')

  const page = await (await fetch(`${url}/metrics`)).text()
  const samples = readPrometheus(page)
  assert.ok(samples.length > 300)
  assert.equal(samples.length, page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length)
})

test('what may be sent again and what not; snappy’s lengths', async (t) => {
  const own = endWith(t)
  let status = 503
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status).end('out of order sample')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const send = () => sendPoints({ url }, [{ name: 'a', labels: {}, value: 1, at_ms: 1 }])
  const rejected = async () =>
    send().then(
      () => undefined,
      (error: { retriable: boolean }) => error.retriable,
    )
  assert.equal(await rejected(), true)
  status = 429
  assert.equal(await rejected(), true)
  status = 400
  assert.equal(await rejected(), false)
  status = 204
  assert.equal(await rejected(), undefined)
  assert.deepEqual([...snappyLiterals(Buffer.alloc(0))], [0])
  assert.deepEqual([...snappyLiterals(Buffer.from('ab'))], [2, 0xf4, 1, 0, 0x61, 0x62])
  assert.deepEqual([...snappyLiterals(Buffer.alloc(300)).subarray(0, 5)], [0xac, 0x02, 0xf4, 0x2b, 0x01])
})
