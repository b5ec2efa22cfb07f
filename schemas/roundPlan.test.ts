import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlannedRound, roundWarnings } from './roundPlan.ts'

const round = (
  name: string,
  from: string,
  to: string,
  audience: 'public' | 'private',
  app?: string,
): PlannedRound => ({
  round: name,
  starts: `2026-11-11T${from}+08:00`,
  ends: `2026-11-11T${to}+08:00`,
  audience,
  ...(app && { app }),
})

test('a private round that overlaps a public one is named, and nothing else', () => {
  const rain = round('rain', '20:00:00', '20:00:30', 'public')
  const warnings = (...rounds: PlannedRound[]) => roundWarnings([rain, ...rounds])
  assert.deepEqual(warnings(), [])
  assert.deepEqual(
    warnings(round('vote', '20:00:10', '20:00:50', 'public')),
    [],
    'two public rounds are one plan',
  )
  assert.deepEqual(warnings(round('late', '20:00:35', '20:00:50', 'private')), [], 'five seconds apart')
  assert.deepEqual(warnings(round('own', '20:00:29', '20:00:50', 'private', 'shop')), [
    'the private round own of shop (12:00:29–12:00:50 UTC) overlaps the public round rain (12:00:00–12:00:30): move one of them',
  ])
  assert.match(warnings(round('near', '19:59:00', '19:59:56', 'private'))[0]!, /overlaps/)
  assert.match(warnings(round('upside', '20:10:00', '20:09:00', 'private'))[0]!, /ends before/)
  assert.match(warnings(round('odd', '99:99:99', '20:09:00', 'private'))[0]!, /cannot be read/)
})
