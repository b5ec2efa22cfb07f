import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Beacon, BeaconEvent } from '../../schemas/beacon.ts'
import { createVirtualTime } from '../testing/virtualTime.ts'
import { BODY_BYTES, createSender, type PostAnswer, QUEUE_EVENTS } from './sender.ts'

const EPOCH = 1_795_000_000_000

function setup() {
  const time = createVirtualTime()
  const posts: { at: number; alive: boolean; body: string; beacon: Beacon }[] = []
  const answers: (PostAnswer | Promise<PostAnswer>)[] = []
  const reported: string[] = []
  let seq = 0
  const sender = createSender({
    post: async (body, alive) => {
      posts.push({ at: time.now(), alive, body, beacon: JSON.parse(body) })
      return (await answers.shift()) ?? { status: 204 }
    },
    wall: () => EPOCH + time.now(),
    random: () => 1,
    later: time.later,
    head: () => ({ key: 'demo' }),
    onOutcome: (what, count, codes) => reported.push(`${what} ${count}${codes?.length ? ` ${codes}` : ''}`),
  })
  const event = (more: object = {}) =>
    ({
      ...{ kind: 'interaction', action: 'like', outcome: 'success' },
      ...{ seq: ++seq, time_ms: EPOCH + time.now(), ...more },
    }) as unknown as BeaconEvent
  const seqs = () => posts.map((post) => post.beacon.events.map((each) => each.seq))
  return { time, posts, answers, told: reported, sender, event, seqs }
}

test('an urgent event leaves at once and takes along what waits', async () => {
  const { time, sender, event, seqs, posts } = setup()
  sender.push(event(), {}, false)
  await time.pass(900)
  assert.deepEqual(seqs(), [])
  sender.push(event(), {}, true)
  await time.pass(1)
  assert.deepEqual(seqs(), [[1, 2]])
  assert.equal(posts[0]!.beacon.sent_ms, EPOCH + posts[0]!.at)
  sender.push(event(), {}, false)
  await time.pass(1_000)
  assert.deepEqual(seqs(), [[1, 2], [3]])
  assert.deepEqual(sender.stats(), { queued: 0, sent: 3, refused: 0, dropped: 0 })
})

test('nobody there: the same events again, later and later', async () => {
  const { time, answers, sender, event, posts, seqs } = setup()
  answers.push({ status: 0 }, { status: 503 }, { status: 429 }, { status: 204 })
  sender.push(event(), {}, true)
  await time.pass(20_000)
  assert.deepEqual(seqs(), [[1], [1], [1], [1]])
  const apart = posts.slice(1).map((post, index) => post.at - posts[index]!.at)
  assert.deepEqual(apart, [1_000, 2_000, 4_000])
  assert.deepEqual(
    posts.map((post) => post.alive),
    [true, false, false, false],
  )
})

test('Retry-After is honoured, in seconds and as a date', async () => {
  for (const retryAfter of ['7', new Date(EPOCH + 1_000 + 7_000).toUTCString()]) {
    const { time, answers, sender, event, posts } = setup()
    answers.push({ status: 503, retryAfter })
    sender.push(event(), {}, true)
    await time.pass(500)
    sender.push(event(), {}, true)
    await time.pass(5_000)
    assert.equal(posts.length, 1, 'an urgent event does not overrule it')
    await time.pass(2_000)
    assert.equal(posts.length, 2)
    assert.deepEqual(posts[1]!.beacon.events.length, 2)
  }
})

test('what was refused is not sent again; the rest was taken', async () => {
  const { time, answers, sender, event, told: reported, posts } = setup()
  answers.push({ status: 200, answer: { accepted: 1, refused: [{ index: 0, code: 'too_late' }] } })
  sender.push(event(), {}, true)
  sender.push(event(), {}, true)
  await time.pass(10_000)
  assert.equal(posts.length, 1)
  assert.deepEqual(reported, ['sent 1', 'refused 1 too_late'])
  answers.push({ status: 401, answer: { message: 'unknown key: demos' } })
  sender.push(event(), {}, true)
  await time.pass(60_000)
  assert.equal(posts.length, 2)
  assert.equal(reported.at(-1), 'refused 1 unknown key: demos')
})

test('too large a body is halved', async () => {
  const { time, answers, sender, event, seqs } = setup()
  answers.push({ status: 413 })
  for (let index = 0; index < 4; index++) sender.push(event(), {}, true)
  await time.pass(5_000)
  assert.deepEqual(seqs(), [
    [1, 2, 3, 4],
    [1, 2],
    [3, 4],
  ])
})

test('the queue is bounded: the oldest leave, and are counted', async () => {
  const { time, answers, sender, event, told: reported } = setup()
  for (let index = 0; index < 20; index++) answers.push({ status: 503, retryAfter: '60' })
  for (let index = 0; index < QUEUE_EVENTS + 50; index++) sender.push(event(), {}, false)
  await time.pass(2_000)
  assert.equal(sender.stats().queued, QUEUE_EVENTS)
  assert.equal(sender.stats().dropped, 50)
  assert.equal(reported[0], 'dropped 1')
})

test('events older than the collector takes are dropped and counted', async () => {
  const { time, answers, sender, event } = setup()
  answers.push({ status: 503, retryAfter: '1800' })
  sender.push(event(), {}, true)
  await time.pass(1_801_000)
  assert.deepEqual(sender.stats(), { queued: 0, sent: 0, refused: 0, dropped: 1 })
})

test('a page that goes sends what is not under way, newest first to fit, in one body that outlives it', async () => {
  const { sender, event, posts } = setup()
  for (let index = 0; index < 300; index++) sender.push(event({ error_code: 'x'.repeat(400) }), {}, false)
  sender.leave()
  assert.equal(posts.length, 1)
  assert.equal(posts[0]!.alive, true)
  assert.ok(posts[0]!.body.length < BODY_BYTES, `${posts[0]!.body.length}`)
  const events = posts[0]!.beacon.events
  assert.equal(events.at(-1)!.seq, 300)
  sender.leave()
  assert.equal(posts[1]!.beacon.events.at(-1)!.seq, 300 - events.length, 'what left is not sent twice')
})

test('events of several contexts share a beacon: each says what is different', async () => {
  const { time, sender, event, posts } = setup()
  sender.push(event(), { show: 's', cdn: 'a', rendition: '720p' }, false)
  sender.push(event(), { show: 's', cdn: 'b' }, true)
  await time.pass(1)
  const { context, events } = posts[0]!.beacon
  assert.deepEqual(context, { show: 's', cdn: 'b' })
  assert.deepEqual([events[0]!.cdn, events[0]!.rendition, events[1]!.cdn], ['a', '720p', undefined])
})

test('a late answer after a close does nothing', async () => {
  const { time, answers, sender, event, told: reported } = setup()
  let answer: (value: PostAnswer) => void = () => {}
  answers.push(
    new Promise((resolve) => {
      answer = resolve
    }),
  )
  sender.push(event(), {}, true)
  await time.pass(1)
  sender.close()
  answer({ status: 503 })
  await time.pass(60_000)
  assert.deepEqual(reported, [])
})
