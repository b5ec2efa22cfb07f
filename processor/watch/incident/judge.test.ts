import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '../../../schemas/facts.ts'
import type { Planned } from '../../../schemas/planned.ts'
import type { StreamView } from '../windows/view.ts'
import { Windows } from '../windows/windows.ts'
import { createJudge } from './judge.ts'

test('a stream whose judging fails is told once, and leaves no other unjudged', () => {
  const windows = new Windows({ keep_ms: 60_000 })
  const good = windows.stream('demo', 'show', 'good')
  let looked = 0
  const watched = new Proxy(good, {
    get(target, name) {
      looked += 1
      return Reflect.get(target, name) as unknown
    },
  })
  const bad = new Proxy(windows.stream('demo', 'show', 'bad'), {
    get(target, name) {
      if (['tenant', 'show', 'stream', 'watermark_ms'].includes(String(name)))
        return Reflect.get(target, name) as unknown
      throw new Error('a fault of ours')
    },
  })
  const facts: Fact[] = []
  const judge = createJudge({ emit: (fact) => facts.push(fact) })
  for (const watermark_ms of [1_000, 2_000]) {
    const before = looked
    windows.advance(watermark_ms)
    const views: StreamView[] = [bad, watched]
    assert.deepEqual(judge.evaluate({ views, watermark_ms }).changes, [])
    assert.ok(looked > before + 3, 'the stream after it was judged')
  }
  assert.deepEqual(
    facts.map(({ type }) => type),
    ['bug'],
  )
})

test('judges that share what was announced heed it from the moment it is there, and take it out of the topic once', () => {
  const plans = new Map<string, Planned>()
  const judges = [1, 2].map(() => createJudge({ emit: () => {}, plans }))
  const plan: Planned = { type: 'maintenance', id: 'p', match: {}, from_ms: 0, to_ms: 1_000 }
  plans.set('p', plan)
  assert.deepEqual(
    judges.map(({ planned }) => planned),
    [[plan], [plan]],
  )
  const watermark_ms = 2 * 3_600_000
  const states = judges.flatMap((judge) => judge.evaluate({ views: [], watermark_ms }).state)
  assert.deepEqual(states, [{ key: 'planned/p', value: null }])
  assert.equal(plans.size, 0)
})
