import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { createLive, type Viewer } from './live.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

function watching(): Viewer & { heard: [string, unknown][]; full: boolean } {
  const viewer = {
    heard: [] as [string, unknown][],
    full: false,
    send(event: string, data: string) {
      if (viewer.full) return false
      viewer.heard.push([event, JSON.parse(data)])
      return true
    },
  }
  return viewer
}

test('one computation a second for all who look, whole at first and patches then, and none when nobody looks', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const live = createLive()
  let made = 0
  const options = {
    key: 'show',
    compute: async () => ({ made: ++made, same: 'x' }),
    shown: (entry: object) => entry,
  }
  const [a, b] = [watching(), watching()]
  const leaveA = live.join({ ...options, viewer: a })!
  await settled()
  const leaveB = live.join({ ...options, viewer: b })!
  assert.equal(made, 1, 'the second is shown what the first saw')
  mock.timers.tick(1000)
  await settled()
  assert.equal(made, 2)
  assert.deepEqual(a.heard, [
    ['whole', { made: 1, same: 'x' }],
    ['patch', { made: 2 }],
  ])
  assert.deepEqual(b.heard, a.heard)
  leaveA()
  leaveB()
  mock.timers.tick(10_000)
  await settled()
  assert.equal(made, 2)
  assert.equal(live.rooms(), 0)
})

test('a change is told at once, also when it comes while the second’s computation still runs', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const live = createLive()
  t.after(() => live.close())
  const whys: string[] = []
  const waiting: (() => void)[] = []
  const viewer = watching()
  live.join({
    key: 'show',
    compute: async (_, why) => {
      whys.push(why)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return { count: whys.length }
    },
    shown: (entry) => entry,
    viewer,
  })
  live.nudge((key) => key === 'show')
  live.nudge((key) => key === 'another')
  waiting.shift()!()
  await settled()
  assert.deepEqual(whys, ['second', 'change'])
  waiting.shift()!()
  await settled()
  assert.deepEqual(viewer.heard.at(-1), ['patch', { count: 2 }])
})

test('who reads too slowly gets the whole again instead of patches it missed', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const live = createLive()
  t.after(() => live.close())
  let made = 0
  const viewer = watching()
  live.join({ key: 'k', compute: async () => ({ [`n${++made}`]: made }), shown: (entry) => entry, viewer })
  await settled()
  viewer.full = true
  mock.timers.tick(1000)
  await settled()
  viewer.full = false
  mock.timers.tick(1000)
  await settled()
  assert.deepEqual(viewer.heard, [
    ['whole', { n1: 1 }],
    ['whole', { n3: 3 }],
  ])
})

test('trouble is said with its code, and the next second is tried all the same', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const live = createLive()
  t.after(() => live.close())
  let away = true
  const viewer = watching()
  const compute = async () => {
    if (away) throw Object.assign(new Error('connection refused'), { fault: 'store' })
    return { here: true }
  }
  live.join({ key: 'k', compute, shown: (entry) => entry, viewer })
  await settled()
  away = false
  mock.timers.tick(1000)
  await settled()
  assert.deepEqual(viewer.heard, [
    ['trouble', { code: 'store_away', message: 'connection refused' }],
    ['whole', { here: true }],
  ])
})

test('seats are bounded', () => {
  const live = createLive({ viewers: 1 })
  const options = { compute: async () => ({}), shown: (entry: object) => entry }
  assert.ok(live.join({ ...options, key: 'a', viewer: watching() }))
  assert.equal(live.join({ ...options, key: 'a', viewer: watching() }), undefined)
  live.close()
})
