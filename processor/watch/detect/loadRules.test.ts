import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricOf } from '../../../schemas/metrics.ts'
import { matches, rulesOf } from './activeRules.ts'
import { loadRules } from './loadRules.ts'

const STREAM = { tenant: 'a', show: 'double-11', stream: 'main' }

function active(text: string, stream = STREAM) {
  const loaded = loadRules(text)
  assert.ok('rules' in loaded, JSON.stringify(loaded))
  return rulesOf(loaded.rules, stream)
}
const errors = (text: string) => {
  const loaded = loadRules(text)
  assert.ok('errors' in loaded)
  return loaded.errors.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

test('a tenant, a show or a stream has its own thresholds, later ones last', () => {
  const text = `
rules:
  - metric: bitrate
    off: true
  - match: { show: double-*, stream: main }
    metric: rebuffering_ratio
    rule: baseline
    set: { factor: 4, severity: warning }
  - match: { tenant: a }
    metric: rebuffering_ratio
    rule: baseline
    set: { factor: 5 }
  - metric: live_latency
    objective: 8000
`
  const all = active(text)
  assert.ok(!all.some(({ metric }) => metric === 'bitrate'))
  const ratio = all.filter(({ metric }) => metric === 'rebuffering_ratio')
  const [baseline, objective] = ratio.map(({ spec }) => spec)
  const catalogue = metricOf('rebuffering_ratio').rules!
  assert.deepEqual(baseline, { ...catalogue[0], factor: 5, severity: 'warning' })
  assert.deepEqual(objective, catalogue[1])
  assert.equal(all.find(({ metric }) => metric === 'live_latency')!.objective, 8000)
  const other = active(text, { ...STREAM, tenant: 'b', stream: 'side' })
  assert.deepEqual(other.find(({ metric }) => metric === 'rebuffering_ratio')!.spec, catalogue[0])
})

test('every mistake is told with its line and column, all at once', () => {
  const reported = errors(`rules:
  - metric: rebufering_ratio
  - metric: bitrate
    rule: absence
  - metric: bitrate
    set: { factr: 3 }
  - metric: bitrate
    set: { factor: -1 }
  - metric: bitrate
    set: { severity: loud }
  - match: { shw: x }
    metric: bitrate
  - of: true
`)
  assert.match(reported[0]!, /^2:13 no metric rebufering_ratio, did you mean rebuffering_ratio\?/)
  assert.match(reported[1]!, /^4:11 /)
  assert.match(reported[2]!, /^6:12 no value factr in this rule, did you mean factor\?/)
  assert.match(reported[3]!, /^8:20 factor is a number above 0/)
  assert.match(reported[4]!, /^10:22 severity is one of critical, warning, info/)
  assert.match(reported[5]!, /^11:14 /)
  assert.match(reported[6]!, /^13:5 unknown key of/)
})

test('what is no YAML, or no list of rules, is told too; an empty file changes nothing', () => {
  assert.match(errors('rules: [')[0]!, /^\d+:\d+ /)
  assert.match(errors('rules: 3')[0]!, /^1:8 rules is a list/)
  assert.match(errors('- metric: bitrate')[0]!, /rules is a map/)
  assert.deepEqual(loadRules(''), { rules: { overrides: [] } })
  assert.deepEqual(loadRules('rules:'), { rules: { overrides: [] } })
})

test('names match with stars', () => {
  assert.ok(matches({}, STREAM))
  assert.ok(matches({ show: 'd*-11' }, STREAM))
  assert.ok(matches({ show: '*', stream: 'main' }, STREAM))
  assert.ok(!matches({ show: 'd*-12' }, STREAM))
  assert.ok(!matches({ stream: 'mai' }, STREAM))
})
