import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CUE_UUID, encodeCue } from '../../schemas/sei.ts'
import { createVirtualTime } from '../testing/virtualTime.ts'
import { createCues } from './cues.ts'

const EPOCH = 1_795_000_000_000

function setup() {
  const time = createVirtualTime()
  const reports: Record<string, unknown>[] = []
  const cues = createCues({
    now: time.now,
    wall: (at) => EPOCH + at,
    later: time.later,
    painted: (run) => void time.later(() => run(time.now()), 16),
    report: (kind, fields) => reports.push({ kind, ...fields }),
  })
  const message = { round: 'red-7', cue: '1', issued_us: (EPOCH + 500) * 1000, data: 'x' }
  const sei = (time_s: number, more = {}) => {
    const payload = encodeCue({ ...message, ...more }) as Uint8Array
    cues.sei(CUE_UUID, payload.subarray(16), time_s)
  }
  return { time, cues, sei, reports }
}

test('the handler runs at the frame that carries the cue, once, and its skew is told', async () => {
  const { time, cues, sei, reports } = setup()
  const seen: [string, string, number][] = []
  cues.on((cue) => seen.push([cue.round, cue.data, cue.frame_at]))
  sei(10.04)
  sei(10.08)
  cues.frame(1_000, 10)
  assert.deepEqual(seen, [])
  cues.frame(1_040, 10.039_999)
  cues.frame(1_080, 10.08)
  sei(10.04)
  cues.frame(1_120, 10.12)
  await time.pass(30)
  assert.deepEqual(seen, [['red-7', 'x', 1_040]])
  assert.deepEqual(reports, [
    {
      ...{ kind: 'cue', stage: 'shown', round: 'red-7', cue: '1' },
      skew_ms: 1_016 - 1_040,
      since_trigger_ms: 516,
    },
  ])
})

test('a handler that takes its time has shown the round when it is done', async () => {
  const { time, cues, sei, reports } = setup()
  cues.on(() => new Promise((resolve) => time.later(() => resolve(undefined), 200)))
  sei(1)
  cues.frame(1_000, 1)
  await time.pass(300)
  assert.equal(reports[0]!.skew_ms, 216)
})

test('a page that learns of the round by a push is compared with its frame, before or after', async () => {
  const early = setup()
  early.cues.shown('red-7', '1', 400)
  early.sei(5)
  early.cues.frame(1_000, 5)
  assert.equal(early.reports[0]!.skew_ms, -600)
  const late = setup()
  late.sei(5)
  late.cues.frame(1_000, 5)
  late.cues.shown('red-7', '1', 1_900)
  assert.equal(late.reports[0]!.skew_ms, 900)
  await late.time.pass(20_000)
  assert.equal(late.reports.length, 1)
})

test('a frame that no page answers, and a page whose frame never comes, are told without a skew', async () => {
  const frame = setup()
  frame.sei(5)
  frame.cues.frame(1_000, 5)
  await frame.time.pass(11_000)
  assert.deepEqual(frame.reports, [
    { ...{ kind: 'cue', stage: 'shown', round: 'red-7', cue: '1' }, since_trigger_ms: 500 },
  ])
  const page = setup()
  page.cues.shown('red-9')
  await page.time.pass(11_000)
  assert.deepEqual(page.reports, [{ kind: 'cue', stage: 'shown', round: 'red-9' }])
})

test('a cue of a past that was seeked away from is not shown; one whose frame was dropped is, with the next', () => {
  const { cues, sei, time } = setup()
  const seen: string[] = []
  cues.on((cue) => seen.push(cue.cue))
  sei(3, { cue: 'past' })
  sei(9.96, { cue: 'dropped' })
  cues.frame(time.now(), 10)
  assert.deepEqual(seen, ['dropped'])
})

test('another’s SEI message and a broken one of ours are left alone', () => {
  const { cues, reports } = setup()
  cues.sei('00000000000000000000000000000000', new Uint8Array(40), 1)
  cues.sei(CUE_UUID, new Uint8Array([1, 2, 3]), 1)
  cues.frame(1_000, 1)
  assert.deepEqual(reports, [])
})
