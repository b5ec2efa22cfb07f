import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { adviceOf } from '../../console/report/advice.ts'
import { askRows } from '../../console/report/ask.ts'
import { collect } from '../../console/report/collect.ts'
import { compareRelease } from '../../console/report/compareRelease.ts'
import { findingsOf, readLedger } from '../../console/report/ledger.ts'
import { writeReport } from '../../console/report/writeReport.ts'
import { watchIncidents } from '../../console/server/incidents.ts'
import { readPlan } from '../../console/server/plan.ts'
import { readFrames } from '../../console/server/readFrames.ts'
import { serveSql } from '../../console/server/sql.ts'
import { createWatchCore } from '../../processor/watch/watchCore.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import type { IncidentView } from '../../schemas/incident.ts'
import { POOL_ROUND } from '../../schemas/kinds/ledger.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { insertObjects } from '../dashboards/rehearsedShow.ts'
import { insertKnownShow, insertSetApart, type KnownShow } from './knownShow.ts'

/** A show whose plan has a check that nobody ticked and a standby that the pipeline sees: edges answer within 60 ms. */
const KEPT = {
  values: new Map([
    [
      'demo/gala',
      JSON.stringify({
        show: 'gala',
        starts: '2026-01-01T12:00:00Z',
        streams: [],
        plan: { automatic: 2 },
        steps: [
          { step: 'cdns', level: 'check', does: 'every CDN carries a tenth' },
          {
            ...{ step: 'other', level: 'standby', hop: 'edge', does: 'players go to cdn-a', who: 'delivery' },
            seen: { metric: 'edge_ttfb', where: { cdn: 'cdn-a' }, at_most: 60 },
          },
        ],
      }),
    ],
  ]),
}

let it: TestStore
let app: FastifyInstance
let url: string
let folder: string
let show: KnownShow
before(async () => {
  it = await startTestStore()
  show = await insertKnownShow(it.store, Date.now())
  await insertSetApart(it.store, show)
  app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  serveSql(app, { url: it.url, user: it.reader, password: '' })
  const incidents = await watchIncidents({ store: it.store, log: undefined, name: 'report' })
  app.get<{ Params: { show: string }; Querystring: Record<string, string> }>('/api/plan/:show', (request) =>
    readPlan(
      { map: KEPT, shows: KEPT, clock: Date.now, store: it.store, incidents },
      {
        tenant: 'demo',
        show: request.params.show,
        from_ms: Number(request.query.from),
        to_ms: Number(request.query.to),
      },
    ),
  )
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  folder = await mkdtemp(join(tmpdir(), 'firstframe-report-'))
})
after(async () => {
  await app?.close()
  await it?.stop()
  if (folder) await rm(folder, { recursive: true })
})

const near = (found: number | null | undefined, wanted: number, what: string) =>
  assert.ok(
    found !== null && found !== undefined && Math.abs(found - wanted) <= 1e-9 * Math.max(1, wanted),
    `${what}: ${found}, not ${wanted}`,
  )

test('the numbers of the report are those reckoned by hand', async () => {
  const data = await collect(askRows(url), show)
  near(data.audience.viewers, 5, 'viewers who played')
  near(data.audience.sessions, 6, 'sessions that played')
  near(data.audience.hours, 265 / 3600, 'hours watched')
  near(data.audience.peak, 3, 'peak')
  assert.equal(data.audience.peak_ms, show.from_ms)
  near(data.audience.bytes, 63.3e6, 'bytes')
  near(data.audience.bytes_saved, 9 * 1.2e6, 'bytes saved')
  assert.deepEqual(
    data.minutes.map(({ watching }) => watching),
    [3, 2],
  )
  const quality = Object.fromEntries(data.quality.map((each) => [each.metric, each]))
  near(quality.rebuffering_ratio!.value, 35 / 300, 'stall ratio')
  assert.equal(quality.rebuffering_ratio!.clock, 'event_time')
  assert.deepEqual([quality.rebuffering_ratio!.minutes, quality.rebuffering_ratio!.minutes_met], [2, 0])
  near(quality.video_start_failure!.value, 1 / 8, 'start failures')
  near(quality.video_startup_time!.value, 4500 / 6, 'first screen')
  near(quality.interaction_success!.value, 4 / 5, 'interactions that arrive')
  near(quality.interaction_rate!.value, 3 / 5, 'viewers who interacted, of those who watched')
  assert.equal(
    data.experience!.parts.find(({ part }) => part === 'experience_start')!.score,
    75,
    'start: 100 × 8 ÷ 8.75 × 7/8 × 15/16',
  )
  near(quality.experience_score!.value, data.experience!.score, 'the score by SQL and by its metrics')
  assert.equal(data.experience!.score.toFixed(1), '70.5', 'the worked example of docs/score.md')
  assert.deepEqual(
    data.experience!.parts.map(({ part, lost }) => [part, lost.toFixed(1)]),
    [
      ['experience_smoothness', '19.5'],
      ['experience_start', '5.9'],
      ['experience_interaction', '4.1'],
      ['experience_latency', '0.0'],
    ],
  )
  assert.equal(data.experience_cuts[0]!.value, 'video', 'where it was lowest')
  near(quality.edge_ttfb!.value, (12 * 50 + 9 * 50 + 3 * 400) / 24, 'edge')
  assert.equal(quality.edge_ttfb!.clock, 'received_time')
  assert.deepEqual(
    data.incidents.map(({ hop, viewer_minutes }) => [hop, Number(viewer_minutes.toFixed(6))]),
    // Behind cdn-b two viewers sent three beats of ten seconds each; while the game failed nobody was heard.
    [
      ['edge', 1],
      ['interaction', 0],
    ],
  )
  assert.deepEqual(
    data.rounds.map(({ round, took_part, watched }) => [round, took_part, watched]),
    [
      ['round-1', 3, 3],
      // The sessions s1 and s8 are one viewer.
      ['round-2', 2, 3],
    ],
  )
  assert.deepEqual(data.ledger, [
    {
      ...{ round: 'round-1', pool: 'box', currency: 'cny', tier: 'low' },
      ...{ budget: 20, issued: 25, claimed: 10, expired: 5, returned: 0, doubled: 1, doubled_amount: 10 },
    },
  ])
  assert.deepEqual(findingsOf(data.ledger[0]!), ['double_grant', 'over_issue', 'unbalanced'])
  near(quality.reward_issued!.value, 25 / 20, 'issued of the budget')
  assert.deepEqual(
    data.orders.filter(({ orders }) => orders > 0).map(({ orders, sales }) => [orders, sales]),
    [
      [2, 118],
      [1, 59],
    ],
  )
  assert.equal(data.worst.cdn[0]!.value, 'cdn-b')
  near(data.worst.cdn[0]!.stalled_minutes, 34 / 60, 'minutes stalled behind cdn-b')
  const advice = adviceOf(data).map(({ en }) => en)
  assert.ok(
    advice.some((each) => /^Begin at the edge: 1 incident there cost 1 viewer-minutes/.test(each)),
    advice.join('\n'),
  )
  assert.ok(
    advice.some((each) => each.startsWith('cdn-b (cdn) had 97.1 % of all stalled time')),
    advice.join('\n'),
  )
  assert.ok(
    advice.some((each) => /^video saw the show 2,000 ms after shop/.test(each)),
    advice.join('\n'),
  )
  assert.ok(
    advice.some((each) => /^Stall ratio: 11.7 %, the objective is 1 %/.test(each)),
    advice.join('\n'),
  )
})

test('one page in each language, with nothing from elsewhere and nothing that runs', async () => {
  for (const [lang, words] of [
    [
      'en',
      [
        'Quality against objectives',
        '1 issued twice (10); 5 more than the budget; 10 neither claimed nor expired nor returned',
        '3 orders for 177 in 2 rounds; at most 2 in ten seconds.',
        'Stalls up behind cdn-b',
        'What to do better',
        'objectives were missed; 2 incidents cost 1 viewer-minutes.',
        '30 s before: player 4.9.3, ci',
        '30 s later: Stalls up behind cdn-b',
        'class="change"',
        '0 of 1 checks were done in time. A level ended 2 of 2 incidents within its time; in 2 a later level led on.',
        'every CDN carries a tenth',
        '✗ not done',
        'players go to cdn-a · delivery',
        'seen by the pipeline',
      ],
    ],
    [
      'zh',
      [
        '应急预案',
        '30 秒前: player 4.9.3',
        '质量与目标',
        'cdn-b 卡顿上升',
        '下次怎样更好',
        '2 次故障，代价 1 观众·分钟。',
      ],
    ],
  ] as const) {
    const out = join(folder, `${lang}.html`)
    assert.equal(await writeReport({ show: 'gala', url, lang, out, clock: Date.now }), out)
    const html = await readFile(out, 'utf8')
    for (const word of words) assert.ok(html.includes(word), word)
    assert.doesNotMatch(html, /<script|<link|<img|src=|url\(|@import|NaN|undefined|Infinity/)
    assert.ok(html.length < 100_000)
  }
})

test('what a person can mend is said', async () => {
  const ask = (more: Record<string, unknown>) =>
    writeReport({ show: 'gala', url, lang: 'en', out: join(folder, 'no.html'), clock: Date.now, ...more })
  await assert.rejects(ask({ show: 'nothing' }), /nobody watched nothing in the last seven days/)
  await assert.rejects(ask({ from: 'yesterday' }), /--from is no time/)
  await assert.rejects(ask({ from: '2026-11-20', to: '2026-11-19' }), /--from is not before --to/)
})

test('a name of a show is text, not markup', async () => {
  const out = join(folder, 'odd.html')
  await it.store.exec(
    "INSERT INTO heartbeat (tenant, show, stream, session, viewer, weight, interval_ms, played_ms, received_time, event_time) SELECT 'demo', '<b>\\'odd\\'</b>', 'x', 's', 'v', 1, 10000, 10000, now64(3) - INTERVAL 1 HOUR AS t, t",
  )
  await writeReport({ show: "<b>'odd'</b>", url, lang: 'en', out, clock: Date.now })
  const html = await readFile(out, 'utf8')
  assert.ok(!html.includes("<b>'odd"))
  assert.ok(html.includes('&lt;b&gt;'))
})

test('a release is held against the versions beside it: worse, well, or not decided by so few', async () => {
  const at = Date.now() - 60_000
  const tries = (version: string, sessions: number, failed: (nth: number) => boolean) =>
    Array.from({ length: sessions }, (_, nth) => ({
      ...{ tenant: 'demo', show: 'release', stream: 'main', session: `${version}-${nth}`, weight: 1, seq: 1 },
      ...{
        event_time: at,
        received_time: at,
        trust: 100,
        component: 'red-packet',
        component_version: version,
      },
      ...{ action: 'red_packet', outcome: failed(nth) ? 'failed' : 'success', rtt_ms: 80 + (nth % 40) },
    }))
  await insertObjects(it.store, 'interaction', [
    ...tries('1.0', 900, (nth) => nth % 100 === 0),
    ...tries('1.1', 400, (nth) => nth % 8 === 0),
    ...tries('1.2', 12, (nth) => nth === 0),
    ...tries('1.3', 900, (nth) => nth % 100 === 0),
  ])
  const verdicts = async (version: string) => {
    const found = await compareRelease(askRows(url), {
      ...{ show: 'release', by: 'component_version', version, where: { component: 'red-packet' } },
      ...{ from_ms: at - 60_000, to_ms: at + 60_000 },
    })
    return Object.fromEntries(found.map((each) => [each.metric, each]))
  }
  const worse = await verdicts('1.1')
  assert.equal(worse.interaction_success!.verdict, 'worse')
  near(worse.interaction_success!.now, 0.875, 'success of the release')
  assert.equal(worse.interaction_latency!.verdict, 'well')
  assert.equal((await verdicts('1.2')).interaction_success!.verdict, 'undecided')
  assert.equal((await verdicts('1.3')).interaction_success!.verdict, 'well')
  assert.deepEqual(Object.keys(await verdicts('1.3')).sort(), ['interaction_latency', 'interaction_success'])
})

test('what browser probes saw just before an incident, in it and after it', async () => {
  const began_ms = Date.now() - 300_000
  const seen = (second: number, frame: string, verdict: string, more: object = {}) => ({
    ...{ tenant: 'demo', show: 'frames', stream: 'main', session: 'p', weight: 1, seq: 1000 + second },
    ...{ event_time: began_ms + second * 1000, received_time: began_ms + second * 1000, trust: 100 },
    ...{ target: 'edge-a', verdict, frame, reason: verdict === 'healthy' ? '' : 'picture_black', ...more },
  })
  await insertObjects(it.store, 'probe', [
    seen(-200, 'long before', 'healthy'),
    seen(-40, 'before', 'healthy'),
    seen(-20, 'just before', 'healthy'),
    seen(-10, '', 'healthy'),
    seen(5, 'not yet', 'healthy'),
    seen(20, 'black', 'degraded'),
    seen(40, 'still black', 'degraded'),
    seen(70, 'after', 'healthy'),
    seen(90, 'long after', 'healthy'),
    seen(21, 'another stream', 'degraded', { stream: 'other', target: 'other' }),
  ])
  const about = { tenant: 'demo', show: 'frames', stream: 'main', began_ms, opened_ms: began_ms }
  const incident = { ...about, state: 'resolved', resolved_ms: began_ms + 60_000 } as IncidentView
  assert.deepEqual(
    (await readFrames(it.store, incident)).map(({ part, jpeg, reason, at_ms }) => [
      ...[part, jpeg, reason, at_ms - began_ms],
    ]),
    [
      ['before', 'just before', '', -20_000],
      ['in', 'black', 'picture_black', 20_000],
      ['after', 'after', '', 70_000],
    ],
  )
})

test('a double grant is the same thing to the report and to the watcher', async () => {
  const time = show.from_ms
  const issued = {
    ...{ tenant: 'demo', show: 'grants', stream: 'main', session: 'rewards', node: 'rewards', weight: 1 },
    ...{ entry: 'issued', amount: 5, count: 1, reference: 'g-1', received_time: time, event_time: time },
    ...{ round: 'r1', pool: 'box', currency: 'cny' },
  }
  const rows = [
    ...[{}, { app: 'b' }, { stream: 'side' }, { round: 'r2' }, { round: 'r2', stream: 'side' }],
    ...[{ pool: 'car' }, { currency: 'coins' }, { reference: '' }, { reference: '', app: 'b' }],
  ].map((more, at) => ({ ...issued, ...more, seq: at + 1 }))
  await insertObjects(it.store, 'ledger', rows)
  const builder = createBuilder('ledger')
  for (const row of rows) builder.pushRow(row)
  const core = createWatchCore({ emit: () => {} })
  core.ingest({ kind: 'ledger', partition: 0, bytes: builder.finish() })
  core.advance(time + 10_000)
  const watched: Record<string, number> = {}
  for (const view of core.windows.streams.values()) {
    const { rows, codes, values, sums } = view.cells(['reward_doubled_amount_sum'], 0, time + 10_000, {
      dimensions: POOL_ROUND,
    })
    for (let row = 0; row < rows; row += 1) {
      const place = codes.map((each, at) => values[at]![each[row]!]).join()
      watched[place] = (watched[place] ?? 0) + sums[0]![row]!
    }
  }
  const stored = await readLedger(askRows(url), 'show = {show:String} AND NOT synthetic', { show: 'grants' })
  const expected = { 'r1,box,cny': 10, 'r2,box,cny': 5, 'r1,car,cny': 0, 'r1,box,coins': 0 }
  assert.deepEqual(watched, expected)
  assert.deepEqual(
    Object.fromEntries(
      stored.map(({ round, pool, currency, doubled_amount }) => [
        [round, pool, currency].join(),
        doubled_amount,
      ]),
    ),
    expected,
  )
})
