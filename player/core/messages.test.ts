import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessages } from './messages.ts'

const NOW = Date.UTC(2026, 10, 20, 12)

test('a numbered channel: lost, late, repeated and delayed messages', () => {
  const messages = createMessages()
  for (const id of [7, 8, 10, 9, 9, 13]) messages.add({ channel: 'csn', id, sent_ms: NOW - 200 }, NOW)
  messages.add({ channel: 'csn', id: 14, sent_ms: NOW - 800 }, NOW)
  assert.deepEqual(messages.take(), [
    {
      action: 'message',
      outcome: 'success',
      channel: 'csn',
      topic: undefined,
      messages_expected: 8,
      messages_received: 6,
      messages_duplicated: 1,
      messages_disordered: 1,
      messages_timed: 6,
      message_delay_ms: 300,
      messages_queued: 0,
    },
  ])
  // What comes after its interval fills the gap, so that the sums over both are right.
  messages.add({ channel: 'csn', id: 11 }, NOW)
  const [late] = messages.take()
  assert.deepEqual([late!.messages_expected, late!.messages_received, late!.messages_timed], [0, 1, 0])
  assert.equal(late!.message_delay_ms, undefined)
})

test('channels are apart; names without numbers tell repeats; nothing came: nothing is said', () => {
  const messages = createMessages()
  messages.add({ channel: 'push', id: 'a' }, NOW)
  messages.add({ channel: 'push', id: 'a' }, NOW)
  messages.add({ channel: 'poll', id: 'a' }, NOW)
  assert.deepEqual(
    messages.take().map((each) => [each.channel, each.messages_received, each.messages_duplicated]),
    [
      ['push', 1, 1],
      ['poll', 1, 0],
    ],
  )
  assert.deepEqual(messages.take(), [])
})

test('a numbering that begins anew loses nothing, and a clock that is off by days tells no delay', () => {
  const messages = createMessages()
  for (const id of [50_000, 1, 2, 900_000]) messages.add({ channel: 'csn', id, sent_ms: NOW - 9e7 }, NOW)
  const [counted] = messages.take()
  assert.deepEqual(
    [counted!.messages_expected, counted!.messages_received, counted!.messages_disordered],
    [4, 4, 0],
  )
  assert.equal(counted!.messages_timed, 0)
})

test('a million messages are remembered in bounded memory', () => {
  const messages = createMessages()
  for (let id = 0; id < 100_000; id += 1) messages.add({ channel: 'push', id: `m${id}` }, NOW)
  messages.add({ channel: 'push', id: 'm99999' }, NOW)
  messages.add({ channel: 'push', id: 'm0' }, NOW)
  const [counted] = messages.take()
  assert.equal(counted!.messages_duplicated, 1)
})

test('topics of one numbered channel are counted apart, with the time they waited in queues', () => {
  const messages = createMessages()
  const came = (id: number, topic: string, queued_ms?: number) =>
    messages.add({ channel: 'csn', id, topic, queued_ms, sent_ms: NOW - 100 * id }, NOW)
  came(1, 'bullet', 40)
  came(2, 'gift')
  came(3, 'bullet', 80)
  came(4, 'ppt_page', Number.NaN)
  assert.deepEqual(
    messages
      .take()
      .map((each) => [each.topic, each.messages_expected, each.message_delay_ms, each.message_queue_ms]),
    [
      ['bullet', 2, 200, 60],
      ['gift', 1, 200, undefined],
      ['ppt_page', 1, 400, undefined],
    ],
  )
  for (let id = 5; id < 200; id++) came(id, `topic ${id}`)
  assert.ok(messages.take().length <= 21, 'a page that makes topics up sends few rows')
})
