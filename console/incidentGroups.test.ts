import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IncidentView } from '../schemas/incident.ts'
import { freeBefore, groupIncidents, lanesOf, unionOf } from './incidentGroups.ts'

let count = 0
const incident = (change: Partial<IncidentView>): IncidentView =>
  ({
    id: `inc-${(count += 1)}`,
    state: 'open',
    severity: 'critical',
    show: 'gala',
    stream: 'main',
    metric: 'rebuffering_frequency',
    hop: 'edge',
    cause: {},
    viewers: 10,
    began_ms: 1000,
    resolved_ms: 0,
    ...change,
  }) as IncidentView

const GUANGDONG = { cdn: 'cdn-b', region: 'Guangdong' }

test('one fault on three streams is one group, its viewers added up', () => {
  const groups = groupIncidents([
    incident({ stream: 'a', cause: GUANGDONG, viewers: 20 }),
    incident({ stream: 'b', cause: { region: 'Guangdong', cdn: 'cdn-b' }, viewers: 30 }),
    incident({ stream: 'c', cause: GUANGDONG, viewers: 9 }),
    incident({ stream: 'a', cause: { cdn: 'cdn-c' }, viewers: 5 }),
  ])
  assert.deepEqual(
    groups.map(({ viewers, streams, lead }) => [viewers, streams.length, lead.stream]),
    [
      [59, 3, 'b'],
      [5, 1, 'a'],
    ],
  )
})

test('most viewers harmed first, whatever is newest; what is over comes last', () => {
  const groups = groupIncidents([
    incident({ cause: { cdn: 'new' }, viewers: 2, began_ms: 9000 }),
    incident({ cause: { cdn: 'old' }, viewers: 1_200_000, began_ms: 1000 }),
    incident({ cause: { cdn: 'over' }, viewers: 5_000_000, state: 'resolved', resolved_ms: 5000 }),
  ])
  assert.deepEqual(
    groups.map(({ lead }) => lead.cause.cdn),
    ['old', 'new', 'over'],
  )
})

test('without a named place: streams of one show that fall ill within a minute are one, later ones are not', () => {
  const cut = { hop: 'encoder', metric: 'encoder_fps' } as const
  assert.equal(
    groupIncidents([
      incident({ ...cut, stream: 'a', began_ms: 0 }),
      incident({ ...cut, stream: 'b', began_ms: 20_000 }),
    ]).length,
    1,
  )
  assert.equal(
    groupIncidents([
      incident({ ...cut, stream: 'a', began_ms: 0 }),
      incident({ ...cut, stream: 'b', began_ms: 120_000 }),
      incident({ ...cut, stream: 'b', show: 'other', began_ms: 0 }),
    ]).length,
    3,
  )
})

test('what the watcher has joined already stays one, and counts its streams', () => {
  const joined = {
    ...incident({ cause: GUANGDONG, viewers: 59 }),
    streams: [
      { show: 'gala', stream: 'a', state: 'open', viewers: 40 },
      { show: 'fair', stream: 'b', state: 'open', viewers: 19 },
    ],
  } as IncidentView
  const [group] = groupIncidents([joined])
  assert.deepEqual([group!.shows, group!.streams.length, group!.viewers], [['gala', 'fair'], 2, 59])
})

test('the union of bands paints every moment once', () => {
  assert.deepEqual(
    unionOf([
      { from_ms: 5, to_ms: 8 },
      { from_ms: 0, to_ms: 3 },
      { from_ms: 2, to_ms: 4 },
      { from_ms: 8, to_ms: 9 },
    ]),
    [
      { from_ms: 0, to_ms: 4 },
      { from_ms: 5, to_ms: 9 },
    ],
  )
})

test('three lanes at most, the others are counted', () => {
  const spans = Array.from({ length: 12 }, (_, index) => ({ from_ms: index, to_ms: 100 }))
  const { lanes, more } = lanesOf(spans, { lanes: 3, least_ms: 10 })
  assert.deepEqual([lanes.length, more], [3, 9])
})

test('what stands left of a late label is found in a lane of any order', () => {
  const lane = [
    { from_ms: 90, to_ms: 100 },
    { from_ms: 60, to_ms: 86 },
    { from_ms: 20, to_ms: 40 },
  ]
  assert.equal(freeBefore(lane, 90, 0), 86)
  assert.equal(freeBefore(lane, 60, 0), 40)
  assert.equal(freeBefore(lane, 20, 0), 0)
})
