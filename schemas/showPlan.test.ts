import assert from 'node:assert/strict'
import { test } from 'node:test'
import { walkPlan } from './planWalk.ts'
import { fulfils, type PlanStep, scoreOf, stepsFor, stepsProblem, walkCheck } from './showPlan.ts'

const step = (more: Partial<PlanStep>): PlanStep => ({ step: 'a', level: 'check', does: 'look', ...more })
const STARTS_MS = 1_000_000_000

test('a check is done in time, late, failed or missed against its time before the show', () => {
  const state = (more: { at_s?: number; state?: 'done' | 'failed'; now_s?: number; seen_s?: number }) => {
    const at = (seconds: number) => STARTS_MS + seconds * 1000
    const tick = more.at_s === undefined ? undefined : { state: more.state ?? 'done', at_ms: at(more.at_s) }
    return walkCheck(step({ within_s: 60 }), {
      starts_ms: STARTS_MS,
      now_ms: at(more.now_s ?? 0),
      tick: tick && { tenant: 'demo', show: 'gala', step: 'a', ...tick },
      seen_ms: more.seen_s === undefined ? undefined : at(more.seen_s),
    }).state
  }
  assert.equal(state({ now_s: -61 }), 'open')
  assert.equal(state({ now_s: -59 }), 'missed')
  assert.equal(state({ at_s: -61 }), 'done')
  assert.equal(state({ at_s: -59 }), 'late')
  assert.equal(state({ at_s: -61, state: 'failed' }), 'failed')
  assert.equal(state({ seen_s: -61 }), 'done')
  assert.equal(state({ seen_s: -59 }), 'late')
  // Last week's tick is of last week's show.
  assert.equal(state({ at_s: -7 * 86_400 }), 'missed')
  const undated = walkCheck(step({}), { now_ms: STARTS_MS })
  assert.deepEqual([undated.state, undated.due_ms], ['open', undefined])
})

test('the step for a hop goes before the one for all hops', () => {
  const steps = [
    step({ step: 'any', level: 'manual' }),
    step({ step: 'edge', level: 'manual', hop: 'edge' }),
    step({ step: 'look' }),
  ]
  assert.equal(stepsFor(steps, 'edge').manual?.step, 'edge')
  assert.equal(stepsFor(steps, 'encoder').manual?.step, 'any')
  assert.equal(stepsFor(steps, 'edge').automatic, undefined)
})

test('what is no plan is refused in a sentence', () => {
  const wrong = (...steps: PlanStep[]) => stepsProblem(steps) ?? ''
  assert.match(wrong(step({}), step({})), /^steps\.1\.step: two steps are called a/)
  assert.match(wrong(step({ hop: 'edge' })), /a check is before the show/)
  const manual = step({ level: 'manual' })
  assert.match(
    wrong(manual, { ...manual, step: 'b' }),
    /a is the step of the level manual for all hops already/,
  )
  assert.match(wrong(step({ seen: { metric: 'encoder_fps' } })), /at_least or at_most is missing/)
  const seen = { metric: 'encoder_fps', at_least: 20 } as const
  assert.match(wrong(step({ seen: { ...seen, where: { app: 'x' } } })), /not kept apart by app/)
  assert.equal(stepsProblem([step({ seen: { ...seen, where: { node: 'standby' } } })]), undefined)
  assert.deepEqual(
    [19.9, 20, null].map((value) => fulfils(seen, value)),
    [false, true, false],
  )
})

test('the score counts checks whose time has passed, and where a later level led on', () => {
  const walk = (over_ms: number) => ({
    id: 'x',
    ...{ summary_en: '', summary_zh: '', opened_ms: 1_000, open: false },
    plan: walkPlan({ opened_ms: 1_000, over_ms, now_ms: over_ms }),
  })
  const check = (state: 'done' | 'open' | 'missed') => ({ step: state, does: '', state })
  assert.deepEqual(
    scoreOf({
      checks: [check('done'), check('open'), check('missed')],
      incidents: [walk(5_000), walk(40_000), walk(900_000)],
    }),
    { checks_done: 1, checks: 2, held: 2, over: 3, led_on: 1 },
  )
})
