import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Hold, holdsText, readHolds } from '../../schemas/hold.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { Holds } from './holds.ts'
import { RUN_START, Run } from './testing/run.ts'
import { type Row, report, STANDS } from './testing/stands.ts'
import { Watermark } from './watermark.ts'

const WELL_S = 120
const at = (second: number): number => RUN_START + second * 1000

const link = (hop: string, second: number): Row => report(hop, second, { bitrate_in_kbps: 4000, fps_out: 30 })
const beats = (second: number): readonly Row[] =>
  STANDS.concurrent_plays!.rows(second, STANDS.concurrent_plays!.normal)
const everybody = (second: number): Partial<Record<Kind, readonly Row[]>> => ({
  hop: [link('encoder', second), link('ingest', second)],
  heartbeat: beats(second),
})

interface Trouble {
  /** Nothing comes for so long. */
  readonly silent_s: number
  /** What ticks told of it. */
  readonly holds?: readonly Hold[]
  /** What is said after it. */
  readonly after?: (second: number) => Partial<Record<Kind, readonly Row[]>>
}

/** Plays a show that is well, a time in which nothing comes, and half a minute; what was paged, with the second after the silence's begin. */
function pagesOf({ silent_s, holds = [], after = everybody }: Trouble): string[] {
  const reported = new Holds()
  for (const hold of holds) reported.add(hold)
  const run = new Run({ holds: reported })
  const pages: string[] = []
  for (let s = 0; s < WELL_S + silent_s + 30; s += 1) {
    const before = run.changes.length
    run.second(s < WELL_S ? everybody(s) : s < WELL_S + silent_s ? {} : after(s))
    for (const { change, incident } of run.changes.slice(before))
      if (change === 'opened') pages.push(`${incident.hop} ${incident.rule} after ${run.at_s - WELL_S} s`)
  }
  return pages
}

test('who waits for an answer of a collector that is held up is not called silent', () => {
  const hold = { from_ms: at(WELL_S) - 300, until_ms: at(WELL_S + 8) }
  assert.notDeepEqual(
    pagesOf({ silent_s: 8 }),
    [],
    'the same silence means something when nobody was held up',
  )
  assert.deepEqual(pagesOf({ silent_s: 8, holds: [hold] }), [])
})

test('what broke while nobody could be heard is found when they can be', () => {
  const hold = { from_ms: at(WELL_S) - 300, until_ms: at(WELL_S + 8) }
  const cut = pagesOf({
    silent_s: 8,
    holds: [hold],
    after: (s) => ({ hop: [link('ingest', s)], heartbeat: beats(s) }),
  })
  assert.equal(cut.length, 1)
  assert.match(cut[0]!, /^encoder .*absence after (1[0-2]) s$/)
  const fallen = pagesOf({
    silent_s: 8,
    holds: [hold],
    after: (s) => ({ hop: everybody(s).hop!, heartbeat: [] }),
  })
  assert.equal(fallen.length, 1)
  assert.match(fallen[0]!, /^player concurrent_plays-baseline after (1\d) s$/)
})

test('collectors that are slow all the time hide nothing', () => {
  const slow = Array.from({ length: 300 }, (_, n) => ({ from_ms: at(n * 0.5), until_ms: at(n * 0.5 + 1.5) }))
  const cut = pagesOf({
    silent_s: 0,
    holds: slow,
    after: (s) => ({ hop: [link('ingest', s)], heartbeat: beats(s) }),
  })
  assert.equal(cut.length, 1)
  assert.match(cut[0]!, /^encoder .*absence after [4-6] s$/)
})

test('what a tick’s header says is read back; each partition tells it and it counts once; what is long past is forgotten', () => {
  const holds = [
    { from_ms: 1_000, until_ms: 5_000 },
    { from_ms: 7_000, until_ms: 7_600 },
  ]
  assert.deepEqual(readHolds(holdsText(holds)), holds)
  assert.deepEqual([readHolds(undefined), readHolds(''), readHolds('x-y,9-3')], [[], [], []])
  const known = new Holds()
  for (const hold of [...holds, ...holds]) known.add(hold)
  assert.equal(known.count, 2)
  assert.equal(known.longest(4_000, 7_300), 1_000)
  assert.deepEqual(
    known.since(1).map(({ from_ms }) => from_ms),
    [7_000],
  )
  known.add({ from_ms: 7_000_000, until_ms: 7_001_000 })
  assert.equal(known.longest(0, 8_000), 0)
})

test('a time without any tick is one in which nobody could be heard, whoever ticks first again', () => {
  const watermark = new Watermark()
  for (let time = 1_000; time <= 5_000; time += 1_000) watermark.tick('a', 'one', time)
  assert.equal(watermark.holds.count, 0)
  watermark.tick('a', 'two', 9_500, 9_500)
  assert.equal(watermark.holds.longest(0, 20_000), 4_500)
  watermark.tick('a', 'one', 10_000, 10_000, '9000-9900')
  assert.equal(watermark.holds.longest(9_500, 20_000), 400)
})
