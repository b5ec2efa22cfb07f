import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { METRIC_NAMES, type Metric, metricOf } from '../../../schemas/metrics.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import { Run } from '../testing/run.ts'
import { ALL_RULES, POOL_FROM_S, type Row, report, STANDS } from '../testing/stands.ts'
import type { RuleSet } from './activeRules.ts'
import { SIGNALS } from './signals.ts'

/** All is well for so long before anything changes. */
const WELL_S = POOL_FROM_S

/** An incident whose trouble is gone ends by then: a baseline's window, and six quiet seconds. */
const OVER_BY_S = 45

const only = (metric: Metric, rule: RuleSpec['type']): RuleSet => ({
  overrides: [
    ...METRIC_NAMES.map((name) => ({ match: {}, metric: name, off: true })),
    { match: {}, metric, rule, off: false },
  ],
})

/** Values on both sides of a rule, and how soon it must fire. */
interface Sides {
  /** The worst that pages nobody. */
  readonly quiet: number
  /** Pages. */
  readonly bad: number
  /** Quiet for so long after it began, because it may still be chance or is not yet bad enough. */
  readonly quiet_until_s: number
  readonly firing_by_s: number
}

function sidesOf(metric: Metric, spec: RuleSpec): Sides {
  const { normal } = STANDS[metric]!
  switch (spec.type) {
    case 'baseline': {
      if (metric === 'concurrent_plays') {
        const limit = Math.min(normal / spec.factor, normal - spec.step)
        return { quiet: limit * 1.3, bad: limit / 3, quiet_until_s: 0, firing_by_s: 6 }
      }
      const signal = SIGNALS.find((signal) => signal.metric === metric)!
      const share = signal.nature === 'share' && !signal.higher_is_worse
      const rate = share ? 1 - normal : normal
      const falls = signal.nature === 'level' && !signal.higher_is_worse
      const limit = falls
        ? Math.min(rate / spec.factor, rate - spec.step)
        : Math.max(rate * spec.factor, rate + spec.step)
      const at = (path: number) => rate + (limit - rate) * path
      const back = (value: number) => (share ? 1 - value : value)
      const bad = falls ? Math.max(at(1.6), limit / 3) : at(3)
      return { quiet: back(at(0.8)), bad: back(bad), quiet_until_s: 0, firing_by_s: spec.window_s }
    }
    case 'unusual': {
      const limit = Math.max(normal * spec.factor, normal + spec.step)
      return { quiet: normal + (limit - normal) * 0.8, bad: limit * 5, quiet_until_s: 1, firing_by_s: 30 }
    }
    case 'objective': {
      const limit = metricOf(metric).objective! * spec.burn
      return { quiet: limit * 0.8, bad: limit * 2, quiet_until_s: spec.fast_s / 4, firing_by_s: spec.slow_s }
    }
    case 'absence':
      return {
        quiet: normal,
        bad: Number.NaN,
        quiet_until_s: spec.after_s - 1,
        firing_by_s: spec.after_s + 2,
      }
    case 'forecast':
      return { quiet: 0.4 / spec.horizon_s, bad: 3 / spec.horizon_s, quiet_until_s: 1, firing_by_s: 6 }
    case 'over_issue':
      return { quiet: 1.1, bad: 1.9, quiet_until_s: 0, firing_by_s: 3 }
    case 'double_grant':
      return { quiet: 2.1, bad: 2.9, quiet_until_s: 0, firing_by_s: 3 }
    case 'undistributed':
      return { quiet: 3.1, bad: 3.9, quiet_until_s: 1, firing_by_s: spec.window_s }
    case 'spread':
      return {
        quiet: spec.beyond * 0.8,
        bad: spec.beyond * 1.5,
        quiet_until_s: 0,
        firing_by_s: spec.window_s,
      }
    case 'limit': {
      const { better, unit } = metricOf(metric)
      // Events are whole: one fewer than it takes.
      if (unit === 'per_minute')
        return { quiet: spec.beyond - 1, bad: spec.beyond * 20, quiet_until_s: 0, firing_by_s: 6 }
      const quiet = better === 'lower' ? spec.beyond * 0.8 : (spec.beyond + normal) / 2
      const bad = better === 'lower' ? spec.beyond * 2 : spec.beyond / 3
      return { quiet, bad, quiet_until_s: 0, firing_by_s: spec.window_s }
    }
    case 'mix':
      return { quiet: spec.share * 0.8, bad: 0.7, quiet_until_s: 0, firing_by_s: spec.window_s }
    case 'quorum':
      return { quiet: spec.at_least - 1, bad: spec.at_least, quiet_until_s: 0, firing_by_s: 3 }
  }
}

describe('each rule on both sides', () => {
  for (const { metric, spec } of ALL_RULES) {
    const id = `${metric}-${spec.type}`
    test(id, () => {
      const stand = STANDS[metric]
      assert.ok(stand, `${metric} has a rule and no stand that tries it: processor/watch/testing/stands.ts`)
      const sides = sidesOf(metric, spec)
      const play = (run: Run, value: number, seconds: number, each: () => void) => {
        for (let s = 0; s < seconds; s += 1) {
          run.second({
            [stand.kind]: Number.isNaN(value)
              ? (stand.silence?.(run.at_s) ?? [])
              : stand.rows(run.at_s, value),
          })
          each()
        }
      }
      const quiet = (run: Run, what: string) => () =>
        assert.deepEqual(
          run.open.map(({ summary_en }) => `${run.at_s} s: ${summary_en}`),
          [],
          what,
        )

      const well_s = spec.type === 'unusual' ? spec.learn_s + 10 : WELL_S
      const over_by_s = spec.type === 'limit' ? spec.window_s + 10 : OVER_BY_S
      const nearly = new Run({ rules: only(metric, spec.type) })
      play(nearly, stand.normal, well_s, quiet(nearly, 'nothing happens'))
      play(nearly, sides.quiet, 60, quiet(nearly, 'worse, and not by enough to matter'))

      const run = new Run({ rules: only(metric, spec.type) })
      play(run, stand.normal, well_s, quiet(run, 'nothing happens'))
      play(run, sides.bad, sides.quiet_until_s, quiet(run, `quiet until ${sides.quiet_until_s} s`))
      let fired = sides.quiet_until_s
      while (run.open.length === 0 && fired <= sides.firing_by_s)
        play(run, sides.bad, 1, () => {
          fired += 1
        })
      assert.equal(run.open.length, 1, `firing by ${sides.firing_by_s} s`)
      assert.equal(run.open[0]!.rule, id)
      // What costs a large share of everybody's time is critical, whatever its rule calls it (schemas/paging.ts).
      assert.ok([spec.severity, 'critical'].includes(run.open[0]!.severity), run.open[0]!.severity)

      play(run, sides.bad, 10, () => assert.equal(run.open.length, 1, 'one incident while it lasts'))
      // The whole audience is hit here: the surer that is, the worse.
      if (spec.type === 'unusual') assert.equal(run.open[0]!.severity, 'critical')
      let over = 0
      while (run.open.length > 0 && over <= over_by_s)
        play(run, stand.normal, 1, () => {
          over += 1
        })
      assert.deepEqual(run.open, [], `over by ${over_by_s} s`)
      assert.equal(run.judge.incidents.length, 1, 'the same one')
    })
  }

  test('a planned end is nobody’s fault', () => {
    for (const { metric, spec } of ALL_RULES.filter(({ spec: { type } }) => type === 'absence')) {
      const run = new Run({ rules: only(metric, spec.type) })
      for (let s = 0; s < 60; s += 1)
        run.second({ hop: ['encoder', 'ingest', 'transcode'].map((hop) => link(hop, s)) })
      run.second({ hop: [{ ...link('encoder', 60), event: 'end', status: 'down' }] })
      for (let s = 0; s < 60; s += 1) run.second({ hop: [] })
      assert.deepEqual(run.open, [])
    }
  })

  test('the last word of a killed encoder is its media server’s', () => {
    const run = new Run({ rules: only('ingest_bitrate', 'absence') })
    for (let s = 0; s < 60; s += 1) run.second({ hop: [link('encoder', s), link('ingest', s)] })
    run.second({ hop: [{ ...link('ingest', 60), event: 'unpublish', status: 'down' }] })
    for (let s = 0; s < 3; s += 1) run.second({ hop: [] })
    assert.equal(run.open.length, 1)
  })

  test('a load that is nearly full is told while it rises, and no pulse that stays below', () => {
    const load = (share: number, s: number): Row => ({
      resource: 'gateway',
      sense: 'load',
      session: 'gateway',
      seq: s + 1,
      level: share * 1000,
      capacity: 1000,
    })
    for (const [top, pages] of [
      [0.8, 0],
      [0.95, 1],
    ] as const) {
      const run = new Run({ rules: only('resource_level', 'forecast') })
      for (let s = 0; s < 60; s += 1) run.second({ resource: [load(0.3, s)] })
      for (let s = 0; s < 8; s += 1) run.second({ resource: [load(0.3 + (top - 0.3) * (s / 7), 60 + s)] })
      assert.equal(run.open.length, pages, `up to ${top}`)
    }
  })
})

test('few viewers count by how sure their numbers are', () => {
  const few = (stalling: number) => {
    const run = new Run({ rules: only('rebuffering_frequency', 'baseline') })
    for (let s = 0; s < WELL_S + 15; s += 1) {
      const bad = s >= WELL_S
      run.second({
        heartbeat: [
          ...[s % 10, 10 + (s % 10)].map((n) => ({
            session: `s${n}`,
            seq: 1 + Math.floor(s / 10),
            interval_ms: 10_000,
            played_ms: 10_000,
            stall_count: bad && n < stalling ? 1 : 0,
          })),
        ],
      })
    }
    return run.open.length
  }
  // One stall among twenty viewers is six times what is wanted, and chance; twelve are not.
  assert.equal(few(1), 0)
  assert.equal(few(12), 1)
})

const link = (hop: string, s: number): Row =>
  report(hop, s, { fps_out: 30, bitrate_in_kbps: 4000, speed_ratio: 1 })
