import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, waitFor } from '../../../test/stream/index.ts'
import { exampleChange } from '../testing/incidentExample.ts'
import { createNotifier } from './notifier.ts'

test('the real Alertmanager groups, sends and resolves an incident', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'firstframe-alertmanager-'))
  const hooks: {
    status: string
    alerts: { labels: Record<string, string>; annotations: Record<string, string> }[]
  }[] = []
  const sink = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      hooks.push(JSON.parse(body))
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => sink.once('listening', resolve))
  const config = join(directory, 'alertmanager.yml')
  await writeFile(
    config,
    `route: { receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: sink
    webhook_configs: [{ url: 'http://127.0.0.1:${(sink.address() as AddressInfo).port}/', send_resolved: true }]
`,
  )
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child: ChildProcess = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${config}`,
      `--storage.path=${directory}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  )
  const gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
    sink.close()
    await rm(directory, { recursive: true, force: true })
  })
  let failed: Error | undefined
  child.once('error', (error) => {
    failed = new Error('Alertmanager could not be started: apt-get install prometheus-alertmanager', {
      cause: error,
    })
  })
  await waitFor(async () => failed !== undefined || (await fetch(`${url}/-/ready`)).ok, {
    what: 'Alertmanager to be ready',
  })
  if (failed) throw failed
  const sent: string[] = []
  const notifier = createNotifier({
    receivers: [{ type: 'alertmanager', name: 'am', url, allow: ['127.0.0.0/8'] }],
    emit: (fact) => sent.push(fact.type),
    clock: () => Date.now(),
    keep: async () => {},
  })
  const began_ms = Date.now() - 3000
  notifier.take([exampleChange('page', { began_ms })])
  await notifier.idle()
  const firing = await waitFor(() => hooks.find(({ status }) => status === 'firing'), {
    what: 'the alert to be sent on',
  })
  assert.equal(firing.alerts.length, 1)
  assert.equal(firing.alerts[0]!.labels.alertname, 'rebuffering_frequency-baseline')
  assert.equal(firing.alerts[0]!.labels.incident, 'inc-0123456789abcdef')
  assert.match(firing.alerts[0]!.annotations.summary!, /^Stalls up eightfold/)
  assert.match(firing.alerts[0]!.annotations.summary_zh!, /卡顿/)

  // The cause moved and the page is told again: still one alert.
  notifier.take([
    exampleChange('resolve', { began_ms, resolved_ms: Date.now(), hop: 'origin', severity: 'warning' }),
  ])
  await notifier.idle()
  const resolved = await waitFor(() => hooks.find(({ status }) => status === 'resolved'), {
    what: 'the end to be sent on',
  })
  assert.equal(resolved.alerts.length, 1)
  assert.equal(resolved.alerts[0]!.labels.incident, 'inc-0123456789abcdef')
  assert.deepEqual(sent, ['notification_sent', 'notification_sent'])
  await notifier.close()
})
