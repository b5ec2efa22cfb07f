import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATALOGUE_RULES } from '../processor/watch/detect/activeRules.ts'
import type { Mark, Marked } from '../schemas/mark.ts'
import { compared, type ReplayedPage, replay } from './replay.ts'

const T0 = Date.parse('2026-11-20T12:00:00Z')
const LENGTH_S = 240
const SESSIONS = 60
const OF = { tenant: 'demo', show: 'gala', stream: 'main' }

/** Heartbeats of 60 sessions, one each 10 s at a phase of its own; from 160 s on `stalled` of every ten stall for a second. */
function beats(from_ms: number, to_ms: number, stalled: number): Record<string, unknown>[] {
  const rows = []
  for (let s = Math.floor((from_ms - T0) / 1000); s < (to_ms - T0) / 1000; s++)
    for (let session = 0; session < SESSIONS; session++) {
      if ((s + session) % 10 !== 0) continue
      const ill = s >= 160 && s < 190 && Math.floor(session / 10) + (session % 3) < stalled
      rows.push({
        ...OF,
        session: `s${session}`,
        viewer: `v${session}`,
        app: 'app',
        weight: 1,
        received_ms: T0 + s * 1000,
        interval_ms: 10_000,
        played_ms: ill ? 9_000 : 10_000,
        stalled_ms: ill ? 1_000 : 0,
        stall_count: ill ? 1 : 0,
      })
    }
  return rows
}

/** An encoder that reports each second and falls silent at 160 s. */
const encoder = (from_ms: number, to_ms: number): Record<string, unknown>[] =>
  Array.from({ length: (to_ms - from_ms) / 1000 }, (_, index) => from_ms + index * 1000)
    .filter((received_ms) => received_ms < T0 + 160_000)
    .map((received_ms) => ({
      ...OF,
      hop: 'encoder',
      node: 'e',
      status: 'up',
      weight: 1,
      received_ms,
      interval_ms: 1000,
      fps_out: 30,
    }))

type Stored = (from_ms: number, to_ms: number) => Record<string, unknown>[]

async function run(table: 'heartbeat' | 'hop', stored: Stored, marks?: readonly Marked[]) {
  const pages = await replay({
    query: async (sql) => {
      if (!sql.includes(`FROM ${table} `)) return []
      const [from, to] = [...sql.matchAll(/Milli\((\d+)\)/g)].map(([, at]) => Number(at))
      return stored(from!, to!)
    },
    rules: CATALOGUE_RULES,
    from_ms: T0,
    to_ms: T0 + LENGTH_S * 1000,
    marks,
  })
  return pages.map(({ change, rule, effect, at_ms, moved_s }) => ({
    change,
    rule,
    effect,
    at_s: (at_ms - T0) / 1000,
    moved_s,
  }))
}

const STALLS = 'rebuffering_frequency-baseline'
const marked = (rule: string, mark: Mark, times: number): Marked[] =>
  Array.from({ length: times }, (_, index) => ({ ...OF, incident: `inc-${index}`, mark, rule, at_ms: 0 }))
const few: Stored = (from, to) => beats(from, to, 2)
const more: Stored = (from, to) => beats(from, to, 4)

test('marks of noise take a weak page away and put a stronger one off; taken back, they do nothing', async () => {
  const [page] = await run('heartbeat', few)
  assert.equal(page?.rule, STALLS)
  assert.equal(page?.effect, undefined, 'nothing is compared when no marks are tried')
  const noise = marked(STALLS, 'noise', 5)
  for (const each of await run('heartbeat', few, noise)) assert.equal(each.effect, 'gone')
  const [late] = await run('heartbeat', more, noise)
  assert.equal(late?.effect, 'later')
  assert.ok(late!.moved_s! > 0 && late!.moved_s! < 20, `${late!.moved_s} s`)
  for (const each of await run('heartbeat', few, [])) assert.equal(each.effect, 'same')
})

test('marks of another stream or another rule move nothing', async () => {
  const others = [
    ...marked('bitrate-baseline', 'noise', 5),
    ...marked(STALLS, 'noise', 5).map((each) => ({
      ...each,
      incident: `x${each.incident}`,
      stream: 'other',
    })),
  ]
  for (const each of await run('heartbeat', few, others)) assert.equal(each.effect, 'same')
})

test('what is certain is not muted by any number of marks', async () => {
  const rule = 'encoder_fps-absence'
  const [page] = await run('hop', encoder, marked(rule, 'noise', 50))
  assert.deepEqual([page?.change, page?.rule, page?.effect], ['opened', rule, 'same'])
})

test('each page of either run once: new, gone, earlier, later', () => {
  const at = (at_ms: number, rule: string) =>
    ({ at_ms, change: 'opened', show: 'gala', stream: 'main', rule }) as ReplayedPage
  const found = compared(
    [at(10_000, 'a'), at(20_000, 'b')],
    [at(8_000, 'a'), at(30_000, 'c'), at(900_000, 'b')],
  )
  assert.deepEqual(
    found.map(({ rule, effect, moved_s }) => [rule, effect, moved_s]),
    [
      ['a', 'earlier', 2],
      ['b', 'gone', undefined],
      ['c', 'new', undefined],
      ['b', 'new', undefined],
    ],
  )
})
