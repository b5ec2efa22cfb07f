import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import type { Fact } from '../../../schemas/facts.ts'
import type { StateEntry } from '../incident/stateEntry.ts'
import { exampleChange, exampleIncident } from '../testing/incidentExample.ts'
import { details, todoOf } from './message.ts'
import { createNotifier } from './notifier.ts'
import type { ReceiverConfig } from './receiverConfig.ts'

interface Seen {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly at: number
}

/** A server that records what it is sent and answers as it is told. */
async function recorder() {
  const seen: Seen[] = []
  const answers: { status: number; body?: string; headers?: Record<string, string> }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ path: request.url!, headers: request.headers, body, at: Date.now() })
      const { status, body: text = '', headers = {} } = answers.shift() ?? { status: 200 }
      response.writeHead(status, headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  after(() => server.close())
  return { seen, answers, url: `http://127.0.0.1:${port}`, port }
}

const LOCAL = ['127.0.0.1/32']

/** A notifier whose waiting takes no time: its clock jumps to when something is due. */
function notifierOf(receivers: ReceiverConfig[]) {
  let now = Date.UTC(2026, 10, 11, 12, 14, 1)
  const facts: Fact[] = []
  const kept = new Map<string, string | null>()
  const waits: number[] = []
  const notifier = createNotifier({
    receivers,
    emit: (fact) => facts.push(fact),
    clock: () => now,
    keep: async (entries) => {
      for (const { key, value } of entries) kept.set(key, value)
    },
    later: (run, ms) => {
      waits.push(ms)
      const timer = setImmediate(() => {
        now += ms
        run()
      })
      return () => clearImmediate(timer)
    },
    chance: () => 0.5,
  })
  const state = (): StateEntry[] => [...kept].map(([key, value]) => ({ key, value }))
  return { notifier, facts, kept, waits, state, pass: (ms: number) => (now += ms) }
}

describe('receivers', () => {
  test('PagerDuty is triggered and resolved under one key', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([
      { type: 'pagerduty', name: 'pd', routing_key: 'r'.repeat(32), url, allow: LOCAL },
    ])
    notifier.take([exampleChange('page')])
    notifier.take([exampleChange('resolve')])
    await notifier.idle()
    const [trigger, resolve] = seen.map(({ body }) => JSON.parse(body))
    assert.equal(trigger.event_action, 'trigger')
    assert.equal(trigger.routing_key, 'r'.repeat(32))
    assert.equal(trigger.payload.severity, 'critical')
    assert.match(trigger.payload.custom_details.do, /^Delivery on call: /)
    assert.equal(resolve.payload.custom_details.cause.cdn, 'cdn-b')
    assert.match(trigger.payload.summary, /^Stalls up eightfold behind cdn-b in Guangdong/)
    assert.ok(trigger.payload.summary.length <= 1024 && trigger.dedup_key.length <= 255)
    assert.equal(resolve.event_action, 'resolve')
    assert.equal(resolve.dedup_key, trigger.dedup_key)
  })

  test('DingTalk is signed over its own time, in both languages', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([
      {
        type: 'dingtalk',
        name: 'ding',
        url: `${url}/robot/send?access_token=abc`,
        secret: 'SECxyz',
        allow: LOCAL,
      },
    ])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    const { path, body } = seen[0]!
    const query = new URL(path, url).searchParams
    const timestamp = query.get('timestamp')!
    assert.equal(query.get('access_token'), 'abc')
    assert.equal(
      query.get('sign'),
      createHmac('sha256', 'SECxyz').update(`${timestamp}\nSECxyz`).digest('base64'),
    )
    const { msgtype, markdown } = JSON.parse(body)
    assert.equal(msgtype, 'markdown')
    assert.match(markdown.text, /Stalls up eightfold[\s\S]*卡顿次数升至平时的 8 倍/)
    assert.match(markdown.text, /\*\*Do 处置\*\* Delivery on call: .*分发值班：/, 'who does what')
  })

  test('Feishu is signed with time and secret as the key, and stays small', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([{ type: 'feishu', name: 'feishu', url, secret: 's3', allow: LOCAL }])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    const sent = JSON.parse(seen[0]!.body)
    assert.equal(sent.sign, createHmac('sha256', `${sent.timestamp}\ns3`).update('').digest('base64'))
    assert.match(sent.timestamp, /^\d{10}$/)
    assert.equal(sent.msg_type, 'interactive')
    assert.ok(Buffer.byteLength(seen[0]!.body) < 20_000)
  })

  test('a page names hops as the rest of the product does', () => {
    const incident = exampleIncident()
    const first = { severity: 'critical', hop: 'edge', rule: incident.rule }
    const rowsOf = (language: 'en' | 'zh') => new Map(details({ event: 'page', incident, first }, language))
    assert.equal(rowsOf('en').get('Where'), 'Edge')
    assert.equal(rowsOf('zh').get('环节'), '边缘')
    assert.equal(rowsOf('en').get('Clean'), 'Encoder, Ingest, Origin')
    assert.equal(rowsOf('zh').get('正常'), '编码器, 推流接入, 源站')
  })

  test('a page tells the people who can mend it', () => {
    const reported = (change: Parameters<typeof exampleIncident>[0]) => todoOf(exampleIncident(change))!
    assert.match(reported({}).en, /^Delivery on call/)
    // The link is well, one version stalls: not delivery's.
    const version = reported({ hop: 'player', cause: { player_version: '5.2.0' } })
    assert.match(version.en, /^Player on call/)
    assert.match(version.zh, /^播放器值班/)
    assert.match(reported({ hop: 'player', cause: { isp: 'unicom' } }).en, /call the operator/)
  })

  test('Slack gets text and blocks, with markup escaped', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([{ type: 'slack', name: 'slack', url, allow: LOCAL }])
    notifier.take([exampleChange('page', { summary_en: 'Stalls behind <!channel> & co' })])
    await notifier.idle()
    const { text, blocks } = JSON.parse(seen[0]!.body)
    assert.equal(text, 'Stalls behind &lt;!channel&gt; &amp; co')
    assert.equal(blocks[0].type, 'section')
    assert.match(JSON.stringify(blocks), /<https:\/\/firstframe\.example\/\?at=1\|Dashboard>/)
  })

  test('a webhook is signed over time and body', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([{ type: 'webhook', name: 'hook', url, secret: 'k', allow: LOCAL }])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    const { headers, body } = seen[0]!
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(headers['x-firstframe-signature']))!
    assert.equal(v1, createHmac('sha256', 'k').update(`${t}.${body}`).digest('hex'))
    assert.equal(JSON.parse(body).incident.id, 'inc-0123456789abcdef')
  })
})

describe('queues', () => {
  test('a failing receiver is tried again with growing waits, and the resolve waits for its page', async () => {
    const { seen, answers, url } = await recorder()
    answers.push({ status: 500 }, { status: 429, headers: { 'retry-after': '7' } }, { status: 503 })
    const { notifier, waits, facts } = notifierOf([{ type: 'webhook', name: 'hook', url, allow: LOCAL }])
    notifier.take([exampleChange('page')])
    notifier.take([exampleChange('resolve')])
    await notifier.idle()
    assert.deepEqual(
      seen.map(({ headers }) => headers['x-firstframe-event']),
      ['page', 'page', 'page', 'page', 'resolve'],
    )
    assert.deepEqual(waits.slice(0, 3), [1000, 7000, 4000])
    assert.equal(facts.filter(({ type }) => type === 'notification_failed').length, 3)
  })

  test('what is refused for good is not tried again', async () => {
    const { seen, answers, url } = await recorder()
    answers.push({ status: 400 })
    const { notifier, facts } = notifierOf([{ type: 'webhook', name: 'hook', url, allow: LOCAL }])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    assert.equal(seen.length, 1)
    assert.deepEqual(
      facts.map(({ type, final }) => [type, final]),
      [['notification_failed', 'true']],
    )
  })

  test('a robot that answers 200 and says no is heard', async () => {
    const { seen, answers, url } = await recorder()
    answers.push(
      { status: 200, body: '{"errcode":130101,"errmsg":"send too fast"}' },
      { status: 200, body: '{"errcode":0}' },
    )
    const { notifier } = notifierOf([{ type: 'dingtalk', name: 'ding', url, allow: LOCAL }])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    assert.equal(seen.length, 2)
  })

  test('no more than twenty messages a minute go to DingTalk', async () => {
    const { seen, url } = await recorder()
    const { notifier, waits } = notifierOf([{ type: 'dingtalk', name: 'ding', url, allow: LOCAL }])
    notifier.take(Array.from({ length: 25 }, (_, i) => exampleChange('page', { id: `inc-${i}` })))
    await notifier.idle()
    assert.equal(seen.length, 25)
    assert.equal(Math.max(...waits) > 59_000, true, `waited ${waits}`)
  })

  test('severities, streams and updates are sent to whom they are for', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([
      { type: 'webhook', name: 'critical', url: `${url}/critical`, severities: ['critical'], allow: LOCAL },
      { type: 'webhook', name: 'other', url: `${url}/other`, match: { show: 'spring-*' }, allow: LOCAL },
      { type: 'webhook', name: 'all', url: `${url}/all`, updates: true, allow: LOCAL },
    ])
    notifier.take([
      exampleChange('page', { severity: 'warning' }),
      exampleChange('update', { severity: 'warning' }),
    ])
    await notifier.idle()
    assert.deepEqual([...new Set(seen.map(({ path }) => path))], ['/all'])
  })
})

describe('an incident that comes back', () => {
  const sequence = [
    exampleChange('page'),
    exampleChange('resolve', { ended: true }),
    exampleChange('page', { reopened: 1, ended: false }),
    exampleChange('resolve', { reopened: 1, ended: true }),
  ]

  test('after its end was sent is a page again, at every receiver', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([
      { type: 'alertmanager', name: 'am', url: `${url}/am`, allow: LOCAL },
      { type: 'pagerduty', name: 'pd', url: `${url}/pd`, routing_key: 'r'.repeat(32), allow: LOCAL },
      { type: 'slack', name: 'slack', url: `${url}/slack`, allow: LOCAL },
    ])
    for (const change of sequence) {
      notifier.take([change])
      await notifier.idle()
    }
    await notifier.close()
    const bodies = (path: string) =>
      seen.filter((each) => each.path.startsWith(path)).map(({ body }) => JSON.parse(body))
    assert.deepEqual(
      // An open alert is repeated, since the receiver forgets.
      bodies('/am')
        .map(([alert]) => alert.endsAt !== undefined)
        .filter((ended, index, all) => ended !== all[index - 1]),
      [false, true, false, true],
    )
    assert.deepEqual(
      bodies('/pd').map(({ event_action }) => event_action),
      ['trigger', 'resolve', 'trigger', 'resolve'],
    )
    assert.deepEqual(
      bodies('/slack').map(({ text }) => /^(Again|Resolved)?/.exec(text)![0]),
      ['', 'Resolved', 'Again', 'Resolved'],
    )
  })

  test('while the process was down is a page after the restart', async () => {
    const { seen, url } = await recorder()
    const receivers: ReceiverConfig[] = [{ type: 'webhook', name: 'hook', url, allow: LOCAL }]
    const first = notifierOf(receivers)
    first.notifier.take(sequence.slice(0, 2))
    await first.notifier.idle()
    const second = notifierOf(receivers)
    const again = { key: 'incident/inc-0123456789abcdef', value: JSON.stringify(sequence[2]!.incident) }
    second.notifier.restore([...first.state(), again])
    await second.notifier.idle()
    assert.deepEqual(
      seen.map(({ headers }) => headers['x-firstframe-event']),
      ['page', 'resolve', 'page'],
    )
  })

  test('a warning that becomes critical pages who takes criticals only, and nobody twice', async () => {
    const { seen, url } = await recorder()
    const hook = (path: string, more: object) =>
      ({ type: 'webhook', name: path, url: `${url}/${path}`, allow: LOCAL, ...more }) as const
    const { notifier } = notifierOf([
      hook('all', {}),
      hook('news', { updates: true }),
      hook('night', { severities: ['critical'] }),
    ])
    notifier.take([exampleChange('page', { severity: 'warning' })])
    await notifier.idle()
    const events = () =>
      seen
        .splice(0)
        .map(({ path, body }) => `${path} ${(JSON.parse(body) as { event: string }).event}`)
        .sort()
    assert.deepEqual(events(), ['/all page', '/news page'])
    notifier.take([exampleChange('update', { severity: 'critical', version: 2 })])
    await notifier.idle()
    assert.deepEqual(events(), ['/news update', '/night page'])
    notifier.take([exampleChange('resolve', { severity: 'critical', version: 3, state: 'resolved' })])
    await notifier.idle()
    assert.deepEqual(events(), ['/all resolve', '/news resolve', '/night resolve'])
  })

  test('a warning that becomes critical is a page for who wants no warnings, and a refused page is not tried again', async () => {
    const { seen, answers, url } = await recorder()
    answers.push({ status: 400 })
    const { notifier } = notifierOf([
      { type: 'webhook', name: 'hook', url, severities: ['critical'], allow: LOCAL },
    ])
    notifier.take([exampleChange('page', { severity: 'warning' })])
    notifier.take([exampleChange('update', { severity: 'critical' })])
    await notifier.idle()
    assert.equal(seen.length, 1)
    notifier.take([exampleChange('update', { severity: 'critical', version: 3 })])
    await notifier.idle()
    assert.equal(seen.length, 1)
  })
})

describe('restarts', () => {
  const entries = (state: StateEntry[], ...incidents: ReturnType<typeof exampleIncident>[]): StateEntry[] => [
    ...state,
    ...incidents.map((incident) => ({ key: `incident/${incident.id}`, value: JSON.stringify(incident) })),
  ]

  test('what was told is not told again, and its end is', async () => {
    const { seen, url } = await recorder()
    const receivers: ReceiverConfig[] = [{ type: 'webhook', name: 'hook', url, allow: LOCAL }]
    const first = notifierOf(receivers)
    first.notifier.take([exampleChange('page')])
    await first.notifier.idle()
    await first.notifier.close()
    const second = notifierOf(receivers)
    second.notifier.restore(entries(first.state(), exampleIncident()))
    second.notifier.take([exampleChange('page')])
    await second.notifier.idle()
    assert.equal(seen.length, 1)
    second.notifier.take([exampleChange('resolve')])
    await second.notifier.idle()
    assert.equal(seen.at(-1)!.headers['x-firstframe-event'], 'resolve')
  })

  test('a page that was decided and never sent is sent after the restart', async () => {
    const { seen, url } = await recorder()
    const { notifier } = notifierOf([{ type: 'webhook', name: 'hook', url, allow: LOCAL }])
    notifier.restore(entries([], exampleIncident()))
    await notifier.idle()
    assert.equal(seen.length, 1)
  })

  test('an end that was decided and never sent is sent after the restart', async () => {
    const { seen, url } = await recorder()
    const receivers: ReceiverConfig[] = [{ type: 'webhook', name: 'hook', url, allow: LOCAL }]
    const first = notifierOf(receivers)
    first.notifier.take([exampleChange('page')])
    await first.notifier.idle()
    const second = notifierOf(receivers)
    second.notifier.restore(entries(first.state(), exampleChange('resolve').incident))
    await second.notifier.idle()
    assert.deepEqual(
      seen.map(({ headers }) => headers['x-firstframe-event']),
      ['page', 'resolve'],
    )
  })
})

describe('addresses', () => {
  test('loopback is out of reach unless it was allowed', async () => {
    const { seen, url, port } = await recorder()
    for (const to of [
      url,
      `http://localhost:${port}`,
      `http://[::ffff:127.0.0.1]:${port}`,
      `http://0:${port}`,
      `http://2130706433:${port}`,
    ]) {
      const { notifier, facts } = notifierOf([{ type: 'webhook', name: 'hook', url: to }])
      notifier.take([exampleChange('page')])
      await notifier.idle()
      assert.equal(facts[0]?.type, 'notification_failed', to)
      assert.equal(facts[0]?.final, 'true', to)
    }
    assert.equal(seen.length, 0)
  })

  test('a redirect is not followed', async () => {
    const inner = await recorder()
    const outer = await recorder()
    outer.answers.push({ status: 302, headers: { location: inner.url } })
    const { notifier, facts } = notifierOf([{ type: 'webhook', name: 'hook', url: outer.url, allow: LOCAL }])
    notifier.take([exampleChange('page')])
    await notifier.idle()
    assert.equal(inner.seen.length, 0)
    assert.equal(facts[0]?.final, 'true')
  })
})
