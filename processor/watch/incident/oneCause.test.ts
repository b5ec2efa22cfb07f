import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Scenario } from '../../../rehearsal/scenarioSchema.ts'
import { playRooms } from '../testing/rooms.ts'
import { SeveralShows } from '../testing/severalShows.ts'
import { haveOneCause, type Trouble } from './joins.ts'

const FAULT_S = 70
const scenario = (index: number, faults: Scenario['faults'] = []): Scenario => ({
  title: 'One of several',
  show: `show-${index % 3}`,
  stream: `stream-${index}`,
  length_s: 130,
  audience: { viewers: 40, interactions: 0 },
  faults,
})
const cdnFault = (index: number): Scenario =>
  scenario(index, [{ kind: 'cdn_outage', at_s: FAULT_S, for_s: 40, severity: 0.9, place: { cdn: 'cdn-b' } }])

describe('one page a cause, across streams and shows', () => {
  test('a CDN that is ill in twelve streams of three shows is one incident, which grows and ends once', () => {
    const shows = new SeveralShows(Array.from({ length: 12 }, (_, index) => cdnFault(index)))
    shows.play(150)
    assert.equal(shows.pages.length, 1)
    const last = shows.changes.at(-1)!
    assert.deepEqual([last.change, last.notify], ['resolved', 'resolve'])
    assert.equal(shows.changes.filter(({ change }) => change === 'resolved').length, 1)
    const { incident } = last
    assert.deepEqual([incident.hop, incident.cause], ['edge', { cdn: 'cdn-b' }])
    assert.equal(incident.stream_count, 12)
    assert.equal(incident.show_count, 3)
    assert.match(incident.summary_en, /behind cdn-b · 12 streams of 3 shows · \d+ viewers$/)
    const most = Math.max(...shows.changes.map(({ incident: { viewers } }) => viewers))
    assert.ok(most > 80, `viewers of all streams: ${most}`)
    assert.ok(incident.lost_minutes! > 5, `lost minutes: ${incident.lost_minutes}`)
  })

  test('a show’s own trouble stays its own, beside another show’s', () => {
    const shows = new SeveralShows([
      scenario(0, [{ kind: 'encoder_killed', at_s: FAULT_S, for_s: 30 }]),
      cdnFault(1),
      scenario(2),
      scenario(3),
    ])
    shows.play(95)
    assert.deepEqual(shows.pages.map(({ incident }) => [incident.show, incident.hop]).sort(), [
      ['show-0', 'encoder'],
      ['show-1', 'edge'],
    ])
    assert.ok(shows.changes.every(({ incident }) => incident.stream_count === 1))
  })

  test('what is small in each room and large over all is found, with its rooms, as one incident', () => {
    const rooms = playRooms({ rooms: 40, viewers: 30, stalling: 2, from_s: 60, length_s: 75 })
    const pages = rooms.filter(({ notify }) => notify === 'page')
    assert.equal(pages.length, 1)
    const [{ at_s, incident }] = pages as [(typeof pages)[number]]
    assert.ok(at_s <= 64, `paged at ${at_s} s`)
    assert.equal(incident.cause.cdn, 'cdn-b')
    assert.ok(rooms.at(-1)!.incident.stream_count! >= 30)
    assert.equal(rooms.at(-1)!.incident.show_count, rooms.at(-1)!.incident.stream_count)
  })

  test('two rooms of many are no trouble of all', () => {
    const rooms = playRooms({
      rooms: 20,
      viewers: 30,
      stalling: 5,
      from_s: 60,
      length_s: 75,
      ill: (room) => room < 2,
    })
    for (const { incident } of rooms) assert.match(incident.show, /^room-[01]$/)
  })
})

test('what has one cause: hop, place and moment', () => {
  const trouble = (more: Partial<Trouble>): Trouble => ({
    family: 'media',
    hop: 'edge',
    cause: { cdn: 'cdn-b' },
    held_by: {},
    began_ms: 0,
    state: 'open',
    ...more,
  })
  const cases: readonly (readonly [string, Partial<Trouble>, Partial<Trouble>, boolean])[] = [
    ['the same CDN', {}, {}, true],
    ['another CDN', {}, { cause: { cdn: 'cdn-a' } }, false],
    ['another hop', {}, { hop: 'player' }, false],
    ['another family', {}, { family: 'interaction' }, false],
    ['the same CDN while the first is open', {}, { began_ms: 60_000 }, true],
    ['the same CDN after the first is over', { state: 'resolved' }, { began_ms: 60_000 }, false],
    ['a part of the place', {}, { cause: { cdn: 'cdn-b', region: 'Guangdong' } }, true],
    [
      'two regions at one moment',
      { cause: { cdn: 'cdn-b', region: 'Beijing' } },
      { cause: { cdn: 'cdn-b', region: 'Guangdong' } },
      true,
    ],
    [
      'two regions at two moments',
      { cause: { cdn: 'cdn-b', region: 'Beijing' } },
      { cause: { cdn: 'cdn-b', region: 'Guangdong' }, began_ms: 60_000 },
      false,
    ],
    [
      'a region is no place that streams share',
      { cause: { region: 'Beijing' } },
      { cause: { region: 'Beijing' } },
      false,
    ],
    [
      'nothing is known but where the excess lies',
      {},
      { hop: 'player', cause: {}, held_by: { cdn: 'cdn-b' } },
      true,
    ],
    ['the excess lies elsewhere', {}, { hop: 'player', cause: {}, held_by: { cdn: 'cdn-a' } }, false],
    ['an encoder is the show’s own', {}, { hop: 'encoder', cause: {}, held_by: { cdn: 'cdn-b' } }, false],
    ['everywhere and everywhere', { cause: {} }, { cause: {} }, false],
  ]
  for (const [what, known, part, entry] of cases)
    assert.equal(haveOneCause(trouble(known), trouble(part)), entry, what)
})
