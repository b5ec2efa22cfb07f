import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { barsOf, HIGHEST_BAR, LOWEST_BAR, type Marked } from '../../../schemas/mark.ts'
import { PAGING } from '../../../schemas/paging.ts'
import type { Planned } from '../../../schemas/planned.ts'
import { RECOVERY_MS } from '../detect/farewells.ts'
import { RUN_START, RUN_STREAM, Run } from '../testing/run.ts'
import { type Row, report, STANDS } from '../testing/stands.ts'
import { GRACE_MS } from './streamJudge.ts'

const WELL_S = 60

/** The link and its players: how fast the encoder is, and how often players stall a minute. */
function second(
  run: Run,
  { fps = 30, stalls = 0.06, encoder = true }: { fps?: number; stalls?: number; encoder?: boolean } = {},
) {
  const s = run.at_s
  const node = (hop: string, values: Row): Row => report(hop, s, values)
  run.second({
    heartbeat: STANDS.rebuffering_frequency!.rows(s, stalls),
    hop: [
      ...(encoder ? [node('encoder', { fps_out: fps, speed_ratio: 1 })] : []),
      node('ingest', { fps_in: fps, bitrate_in_kbps: 4000 }),
      node('edge', { requests: 400, ttfb_ms: 45, status_5xx: 0 }),
    ],
  })
}
const seconds = (run: Run, count: number, now: Parameters<typeof second>[1] = {}) => {
  for (let n = 0; n < count; n += 1) second(run, now)
}
const BAD = { fps: 10, stalls: 6 }

describe('an incident', () => {
  test('is one for a cause and its effects, on the hop where it began, and ends once', () => {
    const run = new Run()
    seconds(run, WELL_S)
    seconds(run, 3, { fps: 10 })
    seconds(run, 20, BAD)
    assert.equal(run.open.length, 1)
    const [entry] = run.open
    assert.equal(entry!.hop, 'encoder')
    assert.ok(
      entry!.children.some(({ metric }) => metric === 'rebuffering_frequency'),
      'stalls are folded in',
    )
    assert.deepEqual(entry!.cause, {})
    assert.ok(entry!.evidence.clean.includes('edge'), 'what is well is said too')
    seconds(run, 40)
    assert.deepEqual(run.open, [])
    assert.equal(run.told.filter((what) => what === 'page').length, 1)
    assert.equal(run.told.at(-1), 'resolve')
  })

  test('that comes back after its end was sent is the same one and is paged again; later it is another', () => {
    const run = new Run()
    seconds(run, WELL_S)
    seconds(run, 10, BAD)
    seconds(run, 40)
    const { id } = run.judge.incidents[0]!
    seconds(run, 10, BAD)
    assert.deepEqual(
      run.open.map((entry) => entry.id),
      [id],
    )
    assert.equal(run.open[0]!.reopened, 1)
    seconds(run, 40 + GRACE_MS / 1000)
    seconds(run, 10, BAD)
    assert.equal(run.open.length, 1)
    assert.notEqual(run.open[0]!.id, id)
    assert.deepEqual(
      run.told.filter((what) => what !== 'update'),
      ['page', 'resolve', 'page', 'resolve', 'page'],
    )
  })

  test('that comes back by another fault names that one, also where players feel it first', () => {
    const run = new Run()
    seconds(run, WELL_S)
    seconds(run, 10, { stalls: 6 })
    assert.equal(run.judge.incidents[0]!.hop, 'player')
    seconds(run, 40)
    seconds(run, 2, { stalls: 6 })
    seconds(run, 6, BAD)
    assert.deepEqual(
      run.open.map(({ hop, reopened }) => [hop, reopened]),
      [['encoder', 1]],
    )
  })

  test('whose cause becomes clear later says so, and pages once', () => {
    const run = new Run()
    seconds(run, WELL_S)
    // Players are hurt first; the encoder's own report shows it two seconds later.
    seconds(run, 2, { stalls: 6 })
    seconds(run, 6, BAD)
    assert.equal(run.open[0]?.hop, 'encoder')
    assert.equal(run.told.filter((what) => what === 'page').length, 1)
  })

  test('goes on when reports of its hop stop', () => {
    const run = new Run()
    seconds(run, WELL_S)
    seconds(run, 10, BAD)
    seconds(run, 20, { ...BAD, encoder: false })
    assert.equal(run.open.length, 1)
    assert.equal(run.told.filter((what) => what === 'page').length, 1)
  })

  test('of a stream that is over is over', () => {
    const run = new Run()
    seconds(run, WELL_S)
    seconds(run, 10, BAD)
    const watermark_ms = run.now_ms + 30_000
    const { changes } = run.judge.evaluate({ views: [], watermark_ms })
    assert.deepEqual(
      changes.map(({ notify }) => notify),
      ['resolve'],
    )
  })
})

describe('what the on-call marked', () => {
  const marked = (incident: string, mark: Marked['mark']): Marked => ({
    incident,
    mark,
    ...RUN_STREAM,
    rule: 'rebuffering_frequency-baseline',
    at_ms: 0,
  })

  test('moves the bar within its bounds, and back', () => {
    const factorOf = (...marks: Marked['mark'][]) =>
      barsOf(marks.map((mark, index) => marked(`inc-${index}`, mark)))[0]?.factor
    assert.equal(factorOf(), undefined)
    assert.equal(factorOf('noise', 'noise'), 1.25 ** 2)
    assert.equal(factorOf('expected'), 1.25 ** 0.5)
    assert.equal(factorOf('noise', 'useful'), 1)
    assert.equal(factorOf(...Array<'noise'>(50).fill('noise')), HIGHEST_BAR)
    assert.equal(factorOf(...Array<'useful'>(50).fill('useful')), LOWEST_BAR)
  })

  test('a rule that was noise on this stream asks for more surprise; taken back, it does not', () => {
    const scoreOf = (marks: ReadonlyMap<string, Marked>) => {
      const run = new Run({ marks })
      seconds(run, WELL_S)
      seconds(run, 4, { stalls: 6 })
      const seen = run.judge.seen(RUN_STREAM).find(({ metric }) => metric === 'rebuffering_frequency')!
      return { threshold: seen.threshold, firing: seen.firing, score: seen.score }
    }
    const usual = scoreOf(new Map())
    const noisy = new Map(['a', 'b', 'c', 'd', 'e'].map((id) => [id, marked(id, 'noise')]))
    const raised = scoreOf(noisy)
    assert.equal(raised.threshold, usual.threshold * HIGHEST_BAR)
    assert.equal(raised.firing, raised.score >= raised.threshold)
    noisy.clear()
    assert.deepEqual(scoreOf(noisy), usual)
  })
})

describe('what was announced', () => {
  const at = (s: number) => RUN_START + s * 1000
  const plan = (type: Planned['type'], more: Partial<Planned> = {}): Planned => ({
    type,
    id: 'p',
    match: {},
    from_ms: at(0),
    to_ms: at(1000),
    ...more,
  })

  test('a silence: found and stored, and nobody is told, not even of the end', () => {
    const run = new Run()
    run.judge.plan('p', plan('silence'))
    seconds(run, WELL_S)
    seconds(run, 15, BAD)
    assert.equal(run.open.length, 1)
    seconds(run, 40)
    assert.deepEqual(run.told, [])
    assert.deepEqual(
      run.changes.filter(({ change }) => change !== 'updated').map(({ change }) => change),
      ['opened', 'resolved'],
    )
  })

  test('a silence that ends under an open incident pages then, once', () => {
    const run = new Run()
    run.judge.plan('p', plan('silence', { to_ms: at(WELL_S + 20) }))
    seconds(run, WELL_S)
    seconds(run, 15, BAD)
    assert.deepEqual(run.told, [])
    assert.equal(run.open[0]!.unpaged, 'silenced')
    seconds(run, 15, BAD)
    assert.equal(run.told.filter((what) => what === 'page').length, 1)
    assert.equal(run.changes.find(({ notify }) => notify === 'page')!.incident.updated_ms, at(WELL_S + 20))
    seconds(run, 40)
    assert.equal(run.told.at(-1), 'resolve')
  })

  test('maintenance that ends under a trouble pages then', () => {
    const run = new Run()
    run.judge.plan('p', plan('maintenance', { from_ms: at(WELL_S), to_ms: at(WELL_S + 60) }))
    seconds(run, WELL_S)
    seconds(run, 60 + RECOVERY_MS / 1000 - 1, BAD)
    assert.deepEqual(run.told, [])
    seconds(run, 10, BAD)
    assert.deepEqual(run.told.slice(0, 1), ['page'])
  })

  test('a show sends so many pages an hour; the rest is folded, and shown', () => {
    const run = new Run()
    for (let n = 0; n < PAGING.pages_per_hour + 2; n += 1) {
      seconds(run, WELL_S + GRACE_MS / 1000)
      seconds(run, 8, BAD)
      seconds(run, 40)
    }
    assert.equal(run.told.filter((what) => what === 'page').length, PAGING.pages_per_hour)
    const opened = run.changes.filter(({ change }) => change === 'opened')
    assert.equal(opened.length, PAGING.pages_per_hour + 2)
    assert.deepEqual(
      opened.slice(-3).map(({ incident }) => [incident.last_of_hour ?? false, incident.unpaged]),
      [
        [true, ''],
        [false, 'folded'],
        [false, 'folded'],
      ],
    )
  })

  test('a silence is only of what it names', () => {
    for (const [more, reported] of [
      [{ hop: 'encoder' }, []],
      [{ hop: 'edge' }, ['page']],
      [{ match: { show: `${RUN_STREAM.show}*` } }, []],
      [{ match: { show: 'another' } }, ['page']],
      [{ cause: { cdn: 'cdn-b' } }, ['page']],
      [{ to_ms: at(30) }, ['page']],
    ] as const) {
      const run = new Run()
      run.judge.plan('p', plan('silence', more))
      seconds(run, WELL_S)
      seconds(run, 4, { fps: 10 })
      assert.deepEqual(run.told, reported, JSON.stringify(more))
    }
  })

  test('maintenance: nothing is opened, and a withdrawn one counts no more', () => {
    const run = new Run()
    run.judge.plan('p', plan('maintenance'))
    seconds(run, WELL_S)
    seconds(run, 10, BAD)
    assert.deepEqual(run.judge.incidents, [])
    run.judge.plan('p', null)
    seconds(run, 30)
    seconds(run, 10, BAD)
    assert.equal(run.open.length, 1)
  })

  test('is in the topic, and taken out of it an hour after its end', () => {
    const run = new Run()
    assert.deepEqual(
      run.judge.plan('p', plan('silence', { to_ms: at(10) })).map(({ key }) => key),
      ['planned/p'],
    )
    assert.equal(run.judge.snapshot().length, 1)
    const evaluate = (s: number) => run.judge.evaluate({ views: [], watermark_ms: at(s) }).state
    assert.deepEqual(evaluate(3600), [])
    assert.deepEqual(evaluate(3611), [{ key: 'planned/p', value: null }])
    assert.deepEqual(run.judge.planned, [])
  })
})

test('a release of a component that breaks, and a container, are named as the cause', () => {
  for (const place of [{ component_version: '2.1.0' }, { container: 'weex' }] as Row[]) {
    const run = new Run()
    const second = (bad: boolean) =>
      run.second({
        interaction: Array.from({ length: 80 }, (_, n): Row => {
          const own = { component: 'red-packet', component_version: n % 5 === 0 ? '2.1.0' : '2.0.4' }
          const where = { ...own, container: n % 4 === 0 ? 'weex' : 'h5', app: n % 3 ? 'shop' : 'news' }
          const ill = bad && Object.entries(place).every(([name, value]) => where[name as 'app'] === value)
          const failed = ill ? n % 8 < 6 : n === (run.at_s * 7) % 800
          const what = { action: 'red_packet', outcome: failed ? 'failed' : 'success' }
          return { session: `s${run.at_s}-${n}`, seq: 1, ...what, ...where }
        }),
      })
    for (let s = 0; s < 120; s += 1) second(false)
    for (let s = 0; s < 20; s += 1) second(true)
    assert.equal(run.open.length, 1, JSON.stringify(place))
    assert.deepEqual([run.open[0]!.hop, run.open[0]!.cause], ['interaction', place])
  }
})
