import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADERS } from '../schemas/topics.ts'
import type { LogMessage } from './log.ts'
import { isTick, tickOf, withTicks } from './ticks.ts'

const rows = (partition: number, text: string): LogMessage => ({
  topic: 't',
  partition,
  headers: { [HEADERS.type]: 'rows', [HEADERS.time]: '3' },
  value: Buffer.from(text),
})
const places = [0, 1].map((partition) => ({ topic: 't', partition }))
const tick = { sender: 'c', time_ms: 7, held: '1-6' }

test('the last message of a partition carries the tick; one without messages gets an empty one behind all others', () => {
  const given = [rows(0, 'a'), rows(0, 'b')]
  const all = withTicks(given, places, tick)
  assert.deepEqual(
    all.map(({ partition, headers, value }) => [partition, String(value), tickOf(headers)]),
    [
      [0, 'a', undefined],
      [0, 'b', tick],
      [1, '', tick],
    ],
  )
  assert.deepEqual(
    all.map(isTick),
    [false, false, true],
    'what carries rows must not be lost as a tick may be',
  )
  assert.equal(all[1]!.headers[HEADERS.time], '3', 'the time of its rows stays')
  assert.equal(tickOf(given[1]!.headers), undefined, 'what was given is not changed')
})

test('a message of a place that is not ticked carries none', () => {
  const other = { ...rows(0, 'x'), topic: 'other' }
  const all = withTicks([other], places, { ...tick, held: '' })
  assert.deepEqual(
    all.map(({ headers }) => tickOf(headers)?.held),
    [undefined, '', ''],
  )
})
