import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from './turns.ts'

/** Turns whose time passes only by work, and whose slices run when the test says so. */
function stage(options: { most_bytes?: number; patience_ms?: number } = {}) {
  let now = 0
  let next: (() => void) | undefined
  const done: string[] = []
  const refused: string[] = []
  const turns = createTurns({
    clock: () => now,
    slice_ms: 10,
    later: (run) => {
      next = run
    },
    ...options,
  })
  return {
    done,
    refused,
    turns,
    put(name: string, bytes = 1_000, takes_ms = 1) {
      turns.take({
        name: () => name,
        bytes,
        work: () => {
          now += takes_ms
          done.push(name)
        },
        refuse: () => refused.push(name),
      })
    },
    slice() {
      const run = next
      next = undefined
      run?.()
      return run !== undefined
    },
    pass(ms: number) {
      now += ms
    },
  }
}

test('while there is time, work is done at once and in order', () => {
  const it = stage()
  for (let each = 0; each < 5; each += 1) it.put(String(each))
  assert.deepEqual(it.done, ['0', '1', '2', '3', '4'])
  assert.ok(it.slice())
  assert.ok(!it.slice(), 'nothing runs on when nothing waits')
})

test('a flood makes only its own requests wait', () => {
  const it = stage()
  for (let each = 0; each < 2_000; each += 1) it.put('flood', 1_000)
  it.put('honest')
  it.slice()
  it.slice()
  assert.ok(it.done.includes('honest'), 'within two slices')
  for (let round = 0; round < 300; round += 1) it.slice()
  assert.equal(it.done.length, 2_001)
  assert.equal(it.turns.waiting_bytes, 0)
})

test('large bodies do not get more than their share of small ones', () => {
  const it = stage()
  for (let each = 0; each < 10; each += 1) it.put('large', 1_000_000, 10)
  for (let each = 0; each < 10; each += 1) it.put('small', 500, 0.1)
  for (let slices = 0; slices < 4; slices += 1) it.slice()
  assert.equal(it.done.filter((name) => name === 'small').length, 10)
})

test('what waits of one name is bounded in bytes and in age; the others are not refused', () => {
  const it = stage({ most_bytes: 100_000, patience_ms: 500 })
  for (let each = 0; each < 300; each += 1) it.put('flood', 1_000)
  it.put('honest', 90_000)
  assert.deepEqual([it.refused.length, new Set(it.refused).size], [190, 1])
  it.pass(501)
  it.put('late')
  it.slice()
  assert.equal(it.refused.length, 190 + 101, 'all that waited too long')
  it.slice()
  assert.ok(it.done.includes('late'))
})
