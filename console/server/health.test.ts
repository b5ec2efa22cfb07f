import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleIncident } from '../../processor/watch/testing/incidentExample.ts'
import { incidentRow, incidentView } from '../../schemas/incidentRow.ts'
import { HOPS } from '../../schemas/kinds/kinds.ts'
import { judgeHops, worstOf } from './health.ts'
import { wilson } from './readShow.ts'

const NOW = 1_000_000
const heard_ms = Object.fromEntries(HOPS.map((hop) => [hop, NOW - 1000]))
const values = { encoder_fps: 30, edge_ttfb: 62, rebuffering_ratio: 0.002, interaction_success: 1 }
const incident = incidentView({
  ...incidentRow(exampleIncident()),
  hop: 'edge',
  metric: 'rebuffering_ratio',
  cause: JSON.stringify({ cdn: 'cdn-b' }),
  viewers: 10,
  evidence: JSON.stringify({ symptoms: [{ hop: 'player', metric: 'rebuffering_ratio' }] }),
})
const EDGE = {
  incident: incident.id,
  cause: { cdn: 'cdn-b' },
  metric: 'edge_ttfb',
  value: 840,
  worst: 861,
  series: {},
} as const
const judge = (more: Partial<Parameters<typeof judgeHops>[0]> = {}) =>
  judgeHops({ values, intervals: {}, incidents: [], heard_ms, caused: {}, at_ms: NOW, ...more })

test('all well is all quiet, in the order of the data', () => {
  const hops = judge()
  assert.deepEqual(Object.keys(hops), [...HOPS])
  assert.ok(Object.values(hops).every(({ health }) => health === 'well'))
})

test('where it breaks is sick, where it is felt is affected, and a resolved incident is neither', () => {
  const hops = judge({ incidents: [incident] })
  assert.equal(hops.edge.health, 'sick')
  assert.deepEqual(hops.edge.cause, { cdn: 'cdn-b' })
  assert.equal(hops.player.health, 'affected')
  assert.equal(hops.origin.health, 'well')
  assert.equal(judge({ incidents: [{ ...incident, state: 'resolved' }] }).edge.health, 'well')
})

test('what those who are ill show stands under their hop, not the calm of all', () => {
  const hops = judge({
    incidents: [incident],
    caused: { edge: EDGE },
  })
  assert.deepEqual([hops.edge.headline, hops.edge.value], ['edge_ttfb', 840])
})

test('when it is over the row keeps its metric and its peak, and is well', () => {
  const hops = judge({ incidents: [{ ...incident, state: 'resolved' }], caused: { edge: EDGE } })
  assert.deepEqual([hops.edge.health, hops.edge.headline, hops.edge.worst], ['well', 'edge_ttfb', 861])
})

test('a hop that is silent has no current value, only what it was', () => {
  const hops = judge({
    values: { ...values, encoder_fps: null },
    heard_ms: { ...heard_ms, encoder: NOW - 25_000 },
    series: { encoder_fps: { '970': 30, '960': 25 } },
  })
  assert.deepEqual(
    [hops.encoder.value, hops.encoder.was, hops.encoder.heard_ms],
    [undefined, 30, NOW - 25_000],
  )
})

test('silence is told from never having spoken', () => {
  const { transcode: _, ...others } = heard_ms
  const hops = judge({ heard_ms: { ...others, encoder: NOW - 25_000 } })
  assert.equal(hops.encoder.health, 'silent')
  assert.equal(hops.transcode.health, 'absent')
})

test('a missed objective strains its hop and stands under it', () => {
  const hops = judge({ values: { ...values, interaction_success: 0.98 } })
  assert.deepEqual([hops.interaction.health, hops.interaction.headline], ['strained', 'interaction_success'])
  assert.equal(judge({ values: { ...values, interaction_success: 0.995 } }).interaction.health, 'well')
})

test('Wilson’s interval holds what tables say: 0 of 10, 5 of 10, 995 of 1000', () => {
  const near = (actual: number, wanted: number) =>
    assert.ok(Math.abs(actual - wanted) < 0.0006, `${actual} ≈ ${wanted}`)
  near(wilson(0, 10).high, 0.2775)
  assert.equal(wilson(0, 10).low, 0)
  near(wilson(5, 10).low, 0.2366)
  near(wilson(5, 10).high, 0.7634)
  near(wilson(995, 1000).low, 0.9884)
})

test('a counted share misses its objective only when it surely does', () => {
  const few = {
    values: { ...values, interaction_success: 0.99 },
    intervals: { interaction_success: wilson(105, 106) },
  }
  const many = { ...few, intervals: { interaction_success: wilson(104_940, 106_000) } }
  assert.equal(judge(few).interaction.health, 'well')
  assert.equal(judge(many).interaction.health, 'strained')
})

test('a hop that the watcher calls clean feels nothing, whatever was seen there once', () => {
  const evidence = { ...incident.evidence, clean: ['player'] as const }
  assert.equal(judge({ incidents: [{ ...incident, evidence }] }).player.health, 'well')
})

test('a load at its worst is high, a stock low, though both are levels', () => {
  const seen = (now: number, baseline: number) => ({
    evidence: {
      symptoms: [
        {
          metric: 'resource_level',
          rule: 'forecast',
          hop: 'interaction',
          scope: {},
          now,
          baseline,
          onset_ms: 0,
        } as const,
      ],
    },
  })
  assert.equal(worstOf('resource_level', [0.6, 1.05, 0.5], seen(1.05, 0.05)), 1.05)
  assert.equal(worstOf('resource_level', [0.6, 0.1, 0.5], seen(0.1, 1)), 0.1)
  assert.equal(worstOf('edge_ttfb', [62, 840], { evidence: { symptoms: [] } }), 840)
  assert.equal(worstOf('encoder_fps', [], { evidence: { symptoms: [] } }), undefined)
})
