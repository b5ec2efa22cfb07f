import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { RUN_START, Run } from './testing/run.ts'
import { type Row, report, STANDS } from './testing/stands.ts'

const WELL_S = 60
const FORGED = 10_000
const FORGED_S = 50

/** The link and 400 players: how often they stall a minute, and whether the encoder reports. */
const honest = (second: number, { stalls = 0.06, encoder = true } = {}): Partial<Record<Kind, Row[]>> => ({
  heartbeat: [...STANDS.rebuffering_frequency!.rows(second, stalls)],
  hop: [
    ...(encoder ? [report('encoder', second, { fps_out: 30, speed_ratio: 1 })] : []),
    report('edge', second, { requests: 400, ttfb_ms: 45, status_5xx: 0 }),
  ],
})

/** The forger's 200 events of a second, as the collector stores them: little trust, weight 0. */
const forgery = (second: number, kind: Kind, values: Row): Row[] =>
  Array.from({ length: FORGED / FORGED_S }, (_, n) => ({
    ...(kind === 'hop' ? { hop: 'encoder', node: 'encoder-1', status: 'up' } : {}),
    session: `forged-${second}-${n}`,
    seq: 1,
    interval_ms: 10_000,
    trust: 10,
    weight: 0,
    region: `forged-${n}`,
    ...values,
  }))

const mixed = (own: Partial<Record<Kind, Row[]>>, kind: Kind, rows: Row[]) => ({
  ...own,
  [kind]: [...(own[kind] ?? []), ...rows],
})

const pages = (run: Run): number => run.told.filter((what) => what === 'page').length

type Trouble = Parameters<typeof honest>[1]
interface Forged {
  readonly kind: Kind
  readonly values: Row
}

function play(trouble: Trouble, forged?: Forged): Run {
  const run = new Run()
  for (let second = 0; second < WELL_S + FORGED_S; second += 1) {
    const own = honest(second, second < WELL_S ? {} : trouble)
    run.second(
      forged === undefined || second < WELL_S
        ? own
        : mixed(own, forged.kind, forgery(second, forged.kind, forged.values)),
    )
  }
  return run
}

test('10,000 forged events of little trust page nobody', () => {
  const attempts: readonly Forged[] = [
    { kind: 'heartbeat', values: { stall_count: 5, stalled_ms: 9000, error_fatal: true } },
    { kind: 'hop', values: { status: 'down', event: 'unpublish', fps_out: 1 } },
    { kind: 'startup', values: { outcome: 'failed' } },
    { kind: 'interaction', values: { action: 'like', outcome: 'failed' } },
  ]
  for (const forged of attempts) {
    const run = play({}, forged)
    assert.equal(pages(run), 0, forged.kind)
    assert.deepEqual(run.judge.incidents, [], forged.kind)
  }
})

test('10,000 forged events of little trust keep no page back: it comes in the same second, with the same numbers', () => {
  const attempts: readonly (readonly [Trouble, Forged])[] = [
    [{ stalls: 6 }, { kind: 'heartbeat', values: { played_ms: 10_000 } }],
    // Neither a goodbye nor a sign of life of an encoder that is silent.
    [{ encoder: false }, { kind: 'hop', values: { event: 'end' } }],
    [{ encoder: false }, { kind: 'hop', values: { fps_out: 30 } }],
  ]
  for (const [trouble, forged] of attempts) {
    const [twin, attacked] = [play(trouble), play(trouble, forged)]
    assert.equal(pages(twin), 1)
    assert.deepEqual(
      attacked.changes.map(({ notify, incident }) => [notify, incident]),
      twin.changes.map(({ notify, incident }) => [notify, incident]),
    )
  }
})

test('forged rows make no stream and no cell, and no honest row a repeat', () => {
  const run = new Run()
  run.second({ heartbeat: forgery(0, 'heartbeat', {}) })
  assert.equal(run.streamCount, 0)
  run.second({
    heartbeat: [
      { session: 'a', seq: 7, interval_ms: 1000, weight: 0, trust: 10 },
      { session: 'a', seq: 7, interval_ms: 1000 },
    ],
  })
  assert.equal(run.view.total('interval_ms_sum', RUN_START, run.now_ms), 1000)
})
