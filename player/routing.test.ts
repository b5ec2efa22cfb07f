import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRouter, nextPoll_ms, polls, type Route } from './routing.ts'

const CLIENTS = 2_000
/** A client hears of a new share by its push, or at its next poll. */
const HEARS_MS = 5_000

/** A gateway with a limit, and clients who hear of a new share up to five seconds late. */
function simulate(demandAt: (second: number) => number, seconds: number) {
  const router = createRouter()
  const positions = Array.from({ length: CLIENTS }, (_, at) => (at + 0.5) / CLIENTS)
  const polling = positions.map(() => false)
  const history: Route[] = []
  const [levels, shares]: [number[], number[]] = [[], []]
  let [switches, moved] = [0, 0]
  for (let second = 0; second < seconds; second += 1) {
    const pushing = polling.filter((each) => !each).length / CLIENTS
    const level = demandAt(second) * pushing
    const route = router.look(level, second * 1000)
    if (history.length > 0 && route.poll_share !== history.at(-1)!.poll_share) moved += 1
    history.push(route)
    for (const [at, position] of positions.entries()) {
      const heard = history[Math.max(0, second - (at % (HEARS_MS / 1000)))]!
      const now = polls(heard, position)
      if (now !== polling[at]) switches += 1
      polling[at] = now
    }
    levels.push(level)
    shares.push(route.poll_share)
  }
  return { levels, shares, switches, moved }
}

test('a gateway at three times its limit is below it within fifteen seconds, and stays there without flapping', () => {
  const { levels, shares, moved, switches } = simulate((second) => (second < 20 ? 0.6 : 3), 300)
  assert.ok(shares.slice(0, 20).every((share) => share === 0))
  assert.ok(
    levels.slice(35).every((level) => level < 0.9),
    String(Math.max(...levels.slice(35))),
  )
  assert.ok(moved <= 2, String(moved))
  assert.ok(switches <= CLIENTS * 0.75 + 1, String(switches))
})

test('after the pulse everybody comes back, in steps, and each client switches twice at most', () => {
  const { levels, shares, switches } = simulate((second) => (second >= 20 && second < 80 ? 2 : 0.6), 600)
  assert.equal(shares.at(-1), 0)
  assert.ok(levels.slice(35).every((level) => level < 1))
  assert.ok(switches <= 2 * CLIENTS * Math.max(...shares) + 2, String(switches))
  const back = shares.findIndex((share, at) => at > 80 && share === 0)
  assert.ok(back < 400, String(back))
})

test('a level that swings around the bounds moves the share a few times in ten minutes, not each second', () => {
  const { moved, levels } = simulate((second) => 1.1 + 0.15 * Math.sin(second / 7), 600)
  assert.ok(moved <= 4, String(moved))
  assert.ok(
    levels.slice(20).every((level) => level < 1),
    String(Math.max(...levels.slice(20))),
  )
})

test('a demand that goes up and down every two minutes makes clients switch at most twice in each', () => {
  const { switches } = simulate((second) => (Math.floor(second / 120) % 2 === 0 ? 0.5 : 1.6), 1_200)
  assert.ok(switches <= (1_200 / 240 + 1) * 2 * CLIENTS * 0.6, String(switches))
})

test('polls are spread', () => {
  const route = { poll_share: 1, poll_ms: 5_000 }
  assert.deepEqual(
    [0, 1].map((random) => Math.round(nextPoll_ms(route, random))),
    [4_000, 6_000],
  )
})
