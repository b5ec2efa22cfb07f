import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Run } from '../testing/run.ts'
import { report, STANDS } from '../testing/stands.ts'
import { amountsOfPlace } from './headline.ts'
import { summaries } from './text.ts'

const WELL_S = 60
const reported = {
  metric: 'rebuffering_frequency',
  rule: 'baseline',
  hop: 'edge',
  cause: { cdn: 'cdn-b' },
  viewers: 26,
} as const

test('a sentence does not show how little there was before', () => {
  const { en, zh } = summaries({ ...reported, value: 2.1, baseline: 0.000064 })
  assert.equal(en, 'Stalls up from almost none to 2.1 a minute behind cdn-b · 26 viewers')
  assert.equal(zh, 'cdn-b 卡顿次数从几乎为零升至 2.1 次/分钟 · 影响 26 名观众')
  assert.match(summaries({ ...reported, value: 1, baseline: 0 }).en, /from almost none to 1 a minute/)
  assert.match(summaries({ ...reported, value: 1.6, baseline: 0.2 }).en, /^Stalls up eightfold behind/)
  assert.match(
    summaries({ ...reported, value: 0.3, baseline: 0.2 }).en,
    /^Stalls up from 0.2 to 0.3 a minute/,
  )
})

const link = (run: Run, fps?: number, stalls = 0.06) => {
  const encoder = fps === undefined ? [] : [report('encoder', run.at_s, { fps_out: fps, speed_ratio: 1 })]
  run.second({ hop: encoder, heartbeat: STANDS.rebuffering_frequency!.rows(run.at_s, stalls) })
}
const play = (run: Run, seconds: number, fps?: number, stalls?: number) => {
  for (let n = 0; n < seconds; n += 1) link(run, fps, stalls)
}

test('an encoder that is silent shows what it sent before', () => {
  const run = new Run()
  play(run, WELL_S, 25)
  play(run, 8)
  const [entry] = run.open
  assert.equal(entry!.rule, 'encoder_fps-absence')
  assert.equal(entry!.value, 0)
  assert.equal(entry!.baseline, 25)
})

test('what is over is told by its worst moment', () => {
  const run = new Run()
  play(run, WELL_S, 30)
  play(run, 12, 5)
  for (const fps of [12, 16, 18, 20]) play(run, 6, fps)
  play(run, 40, 30)
  const { incident } = run.changes.at(-1)!
  assert.equal(incident.state, 'resolved')
  assert.ok(incident.value < 6, `${incident.value} fps at its worst`)
  assert.equal(incident.baseline, 30)
  assert.match(incident.summary_en, /^Encoder frame rate down from 30 fps to 5/)
})

test('the baseline is that of the place the sentence names', () => {
  const run = new Run()
  // cdn-b stalls five times as often as cdn-a while all is well.
  const second = (bad: number) => {
    const rows = STANDS.rebuffering_frequency!.rows(run.at_s, 0.06)
    run.second({
      heartbeat: rows.map((row, n) => {
        const cdn = n % 4 === 0 ? 'cdn-b' : 'cdn-a'
        const usual = cdn === 'cdn-b' ? 0.05 : 0.01
        const rate = cdn === 'cdn-b' ? usual + bad : usual
        return { ...row, cdn, stall_count: ((run.at_s * 40 + n) * 0.618034) % 1 < rate ? 1 : 0 }
      }),
    })
  }
  for (let n = 0; n < 3 * WELL_S; n += 1) second(0)
  for (let n = 0; n < 12; n += 1) second(0.9)
  const [entry] = run.open
  assert.deepEqual(entry!.cause, { cdn: 'cdn-b' })
  assert.ok(
    Math.abs(entry!.baseline - 0.3) < 0.1,
    `${entry!.baseline} stalls a minute were usual behind cdn-b`,
  )
  assert.ok(entry!.value > 2, `${entry!.value}`)
  // The surest observation may be of the whole stream, whose own baseline is 0.12.
  const whole = { rule: 'baseline', scope: {}, now: 1.4, baseline: 0.12 } as const
  const { metric } = entry!
  const seen = { ...whole, metric, hop: 'player', severity: 'critical', score: 99, threshold: 15 } as const
  const amounts = amountsOfPlace(run.view, entry!, { ...seen, firing: true, onset_ms: entry!.began_ms })!
  assert.ok(Math.abs(amounts.baseline - 0.3) < 0.1, `${amounts.baseline}`)
  assert.ok(amounts.value > 2, `${amounts.value}`)
})
