import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planScore, type WalkOptions, walkPlan } from './planWalk.ts'

const walk = (options: Partial<WalkOptions>) =>
  walkPlan({ opened_ms: 1_000_000, over_ms: 0, now_ms: 1_000_000, ...options })
const at = (seconds: number) => 1_000_000 + seconds * 1000
const states = (options: Partial<WalkOptions>) =>
  walk(options).steps.map(({ level, state, took_s }) =>
    [level, state, took_s].filter((x) => x !== undefined).join(' '),
  )

test('a level acts until its time has passed, then the next; the end of the trouble shows which one held', () => {
  assert.deepEqual(states({ now_ms: at(3) }), ['automatic acting', 'standby waiting', 'manual waiting'])
  assert.deepEqual(states({ over_ms: at(9) }), ['automatic done 9', 'standby spared', 'manual spared'])
  assert.deepEqual(states({ now_ms: at(20) }), ['automatic failed 15', 'standby acting', 'manual waiting'])
  assert.deepEqual(states({ over_ms: at(40) }), ['automatic failed 15', 'standby done 25', 'manual spared'])
  assert.deepEqual(states({ over_ms: at(2_000) }), [
    'automatic failed 15',
    'standby failed 60',
    'manual failed 300',
  ])
  assert.equal(walk({ over_ms: at(40) }).held, true)
  assert.equal(walk({ over_ms: at(2_000) }).held, false)
  assert.equal(walk({ now_ms: at(40) }).held, undefined)
})

test('a step that is ticked as failed leads to the next at once; one that is done waits for the end', () => {
  const ticks = [
    { level: 'automatic', state: 'failed', at_ms: at(4) },
    { level: 'standby', state: 'done', at_ms: at(10), by: 'li' },
  ] as const
  assert.deepEqual(states({ ticks, now_ms: at(5) }), [
    'automatic failed 4',
    'standby done 6',
    'manual waiting',
  ])
  assert.deepEqual(states({ ticks, over_ms: at(20) }), [
    'automatic failed 4',
    'standby done 6',
    'manual spared',
  ])
  assert.deepEqual(walk({ ticks, over_ms: at(20) }).steps[1]!.by, 'li')
  // It was carried out and did not help within its time.
  assert.deepEqual(states({ ticks, now_ms: at(70) }), [
    'automatic failed 4',
    'standby failed 60',
    'manual acting',
  ])
})

test('a show says its own times, and its score counts what is over', () => {
  const strict = { within_s: { automatic: 5 } }
  assert.deepEqual(states({ ...strict, over_ms: at(9) }), [
    'automatic failed 5',
    'standby done 4',
    'manual spared',
  ])
  const walks = [walk({ over_ms: at(9) }), walk({ over_ms: at(2_000) }), walk({ now_ms: at(5) })]
  assert.deepEqual(planScore(walks), { held: 1, over: 2 })
})
