import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { generator } from '../../../bench/localise/random.ts'
import { type SceneOptions, scene } from '../../../bench/localise/scene.ts'
import type { Cells } from './cells.ts'
import { type Localised, localise } from './localise.ts'

const CARDINALITIES = [4, 5, 3, 6]
const nameOf = (cause: readonly (readonly [number, number])[]): string =>
  JSON.stringify([...cause].sort(([a], [b]) => a - b))
const nameIn = ({ cause }: Localised): string =>
  nameOf(cause.map(({ dimension, code }) => [dimension, code] as const))
const run = (options: Partial<SceneOptions> & { seed: number }): Localised[] =>
  localise(scene({ cardinalities: CARDINALITIES, viewers: 20_000, causes: [], lift: 0.2, ...options }))

/** A cause of `depth` dimensions with enough viewers to be seen. */
const someCause = (seed: number, depth: number): [number, number][] => {
  const random = generator(seed)
  const order = [0, 1, 2, 3].sort(() => random() - 0.5).slice(0, depth)
  return order.map((d) => [d, Math.floor(random() * Math.min(3, CARDINALITIES[d]!))])
}

for (const depth of [1, 2, 3]) {
  test(`a cause of ${depth} dimension(s) is found exactly in random backgrounds`, () => {
    let first = 0
    let sure = 0
    const rounds = 40
    for (let seed = 1; seed <= rounds; seed++) {
      const cause = someCause(seed, depth)
      const found = run({ seed, causes: [cause] })
      if (found[0] && nameIn(found[0]) === nameOf(cause)) first++
      sure += found[0]?.confidence ?? 0
    }
    assert.ok(first >= 0.9 * rounds, `${first} of ${rounds}`)
    // Confidence is calibrated on real backgrounds. In these calm ones it may be too low, never too high.
    assert.ok(sure <= first + 0.12 * rounds, `said ${sure}, was ${first} of ${rounds}`)
    assert.ok(sure >= 0.7 * first, `said ${sure}, was ${first} of ${rounds}`)
  })
}

test('two causes at once are the first two, both with confidence', () => {
  let both = 0
  const rounds = 30
  for (let seed = 1; seed <= rounds; seed++) {
    const causes: [number, number][][] = [
      [[0, seed % 3]],
      [
        [1, (seed >> 1) % 3],
        [3, seed % 4],
      ],
    ]
    const found = run({ seed, causes, lift: 0.3 }).slice(0, 2)
    const names = found.map(nameIn)
    if (
      causes.every((cause) => names.includes(nameOf(cause))) &&
      found.every((entry) => entry.confidence > 0.5)
    )
      both++
  }
  assert.ok(both >= 0.8 * rounds, `${both} of ${rounds}`)
})

test('everything worse alike has no local cause: {}', () => {
  for (let seed = 1; seed <= 15; seed++) {
    const [first] = run({ seed, liftAll: 0.15 })
    assert.deepEqual(first?.cause, [], `seed ${seed}`)
    assert.ok(first.confidence > 0.5)
    assert.ok(first.explains > 0.95)
  }
})

test('nothing worse: nothing is named', () => {
  let named = 0
  for (let seed = 1; seed <= 40; seed++) named += run({ seed }).length ? 1 : 0
  assert.ok(named <= 6, `${named} of 40`)
  const { dimensions, before } = scene({
    seed: 1,
    cardinalities: CARDINALITIES,
    viewers: 5000,
    causes: [],
    lift: 0,
  })
  assert.deepEqual(localise({ dimensions, now: before, before }), [])
})

test('a cause is found although the mix of the audience drifts; a drift alone is none', () => {
  let first = 0
  for (let seed = 1; seed <= 20; seed++) {
    const found = run({ seed, causes: [[[1, 1]]], mix: 3 })
    if (found[0] && nameIn(found[0]) === '[[1,1]]') first++
  }
  assert.ok(first >= 18, `${first} of 20`)
  let named = 0
  for (let seed = 1; seed <= 20; seed++) named += (run({ seed, mix: 3 })[0]?.confidence ?? 0) > 0.5 ? 1 : 0
  assert.ok(named <= 2, `${named} of 20`)
})

test('an audience of 200 viewers is enough for a cause that hurts', () => {
  let first = 0
  for (let seed = 1; seed <= 30; seed++) {
    const found = run({ seed, cardinalities: [3, 3], viewers: 200, causes: [[[0, 1]]], lift: 0.5 })
    if (found[0] && nameIn(found[0]) === '[[0,1]]') first++
  }
  assert.ok(first >= 26, `${first} of 30`)
})

test('a handful of viewers gives no false certainty', () => {
  const cells = (value: number[]): Cells => ({
    codes: [Int32Array.of(0, 1, 2)],
    value: Float64Array.from(value),
    count: Float64Array.of(3, 4, 2),
  })
  const found = localise({ dimensions: ['cdn'], now: cells([1, 0, 0]), before: cells([0, 0, 0]) })
  assert.ok(found.every(({ confidence }) => confidence < 0.8))
})

test('a success share that falls is a failing share that rises', () => {
  const made = scene({
    seed: 3,
    cardinalities: CARDINALITIES,
    viewers: 20_000,
    causes: [
      [
        [0, 1],
        [2, 0],
      ],
    ],
    lift: 0.3,
  })
  const turned = (cells: Cells): Cells => ({
    ...cells,
    value: cells.value.map((v, i) => cells.count[i]! - v),
  })
  const rising = localise(made)
  const falling = localise({ ...made, now: turned(made.now), before: turned(made.before), worse: 'lower' })
  assert.equal(nameIn(rising[0]!), '[[0,1],[2,0]]')
  assert.deepEqual(falling.map(nameIn), rising.map(nameIn))
})

/** First-screen milliseconds: sums of log-normal measurements, slower or quicker in the cause. */
const latencies = (seed: number, factor: number): { dimensions: string[]; now: Cells; before: Cells } => {
  const random = generator(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const draw = (frames: number, changed: boolean): Cells => {
    const rows: number[][] = []
    for (let frame = 0; frame < frames; frame++) {
      for (let cdn = 0; cdn < 4; cdn++) {
        for (let isp = 0; isp < 5; isp++) {
          for (let os = 0; os < 3; os++) {
            const count = 40 + Math.floor(random() * 80)
            const mean =
              700 * (1 + cdn / 4) * (1 + isp / 10) * (changed && cdn === 2 && isp === 1 ? factor : 1)
            let value = 0
            for (let i = 0; i < count; i++) value += mean * Math.exp(normal() * 0.7 - 0.245)
            rows.push([cdn, isp, os, value, count, frame])
          }
        }
      }
    }
    const column = (at: number): Float64Array => Float64Array.from(rows, (row) => row[at]!)
    return {
      codes: [0, 1, 2].map((d) => Int32Array.from(column(d))),
      value: column(3),
      count: column(4),
      frame: Int32Array.from(column(5)),
    }
  }
  return { dimensions: ['cdn', 'isp', 'os'], now: draw(1, true), before: draw(4, false) }
}

test('a level: slower, where higher is worse, and less, where lower is worse', () => {
  for (const [factor, worse] of [
    [1.8, 'higher'],
    [0.5, 'lower'],
  ] as const) {
    let first = 0
    for (let seed = 1; seed <= 12; seed++) {
      const found = localise({ ...latencies(seed, factor), worse })
      if (found[0] && nameIn(found[0]) === '[[0,2],[1,1]]') first++
    }
    assert.ok(first >= 10, `${worse}: ${first} of 12`)
    const other = localise({ ...latencies(1, factor), worse: worse === 'higher' ? 'lower' : 'higher' })
    assert.ok(other.every((entry) => nameIn(entry) !== '[[0,2],[1,1]]'))
  }
})

test('order of rows and of dimensions, and split rows, change nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
      (seed, order) => {
        const made = scene({
          seed,
          cardinalities: CARDINALITIES,
          viewers: 5000,
          causes: [someCause(seed, 2)],
          lift: 0.2,
        })
        const random = generator(seed)
        const shuffled = (cells: Cells): Cells => {
          const rows = Array.from(cells.value, (_, i) => i).sort(() => random() - 0.5)
          const frame = cells.frame && { frame: Int32Array.from(rows, (i) => cells.frame![i]!) }
          return {
            codes: order.map((d) => Int32Array.from(rows, (i) => cells.codes[d]![i]!)),
            value: Float64Array.from(rows, (i) => cells.value[i]!),
            count: Float64Array.from(rows, (i) => cells.count[i]!),
            ...frame,
          }
        }
        const named = (found: Localised[], to: (d: number) => number): Map<string, number> =>
          new Map(
            found.map(({ cause, confidence }) => [
              nameOf(cause.map(({ dimension, code }) => [to(dimension), code] as const)),
              confidence,
            ]),
          )
        const plain = named(localise({ ...made, top: 3 }), (d) => d)
        const mixed = named(
          localise({
            dimensions: made.dimensions,
            now: shuffled(made.now),
            before: shuffled(made.before),
            top: 3,
          }),
          (d) => order[d]!,
        )
        for (const [name, confidence] of plain) {
          if (confidence < 0.05) continue
          assert.ok(
            Math.abs((mixed.get(name) ?? 0) - confidence) < 1e-6,
            `${name} ${confidence} ${mixed.get(name)}`,
          )
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('an audience several times as large has the same first cause', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const made = scene({
      seed,
      cardinalities: CARDINALITIES,
      viewers: 10_000,
      causes: [someCause(seed, 1)],
      lift: 0.3,
    })
    const times = (cells: Cells, factor: number): Cells => ({
      ...cells,
      value: cells.value.map((v) => v * factor),
      count: cells.count.map((n) => n * factor),
    })
    const [entry] = localise(made)
    const [many] = localise({ ...made, now: times(made.now, 4), before: times(made.before, 4) })
    assert.equal(nameIn(many!), nameIn(entry!), `seed ${seed}`)
    // The same four viewers counted as one: the very same answer.
    const [back] = localise({
      ...made,
      now: times(made.now, 4),
      before: times(made.before, 4),
      countPerViewer: 4,
    })
    assert.deepEqual(back, entry)
  }
})

test('"not told" is never named, and an empty table gives nothing', () => {
  const made = scene({ seed: 5, cardinalities: [3, 3], viewers: 3000, causes: [[[0, 1]]], lift: 0.4 })
  const untold = (cells: Cells): Cells => ({
    ...cells,
    codes: cells.codes.map((c) => c.map((code) => code - 1)),
  })
  const found = localise({ ...made, now: untold(made.now), before: untold(made.before) })
  assert.equal(nameIn(found[0]!), '[[0,0]]')
  assert.ok(found.every(({ cause }) => cause.every(({ code }) => code >= 0)))
  const none: Cells = { codes: [new Int32Array()], value: new Float64Array(), count: new Float64Array() }
  assert.deepEqual(localise({ dimensions: ['cdn'], now: none, before: none }), [])
})

test('confidence falls as the lift fades', () => {
  const at = (lift: number): number => {
    let sum = 0
    for (let seed = 1; seed <= 12; seed++) {
      const found = run({ seed, viewers: 4000, causes: [[[0, 1]]], lift })
      sum += found.find((entry) => nameIn(entry) === '[[0,1]]')?.confidence ?? 0
    }
    return sum / 12
  }
  const steps = [0.3, 0.06, 0.015, 0].map(at)
  for (let i = 1; i < steps.length; i++) assert.ok(steps[i]! <= steps[i - 1]! + 0.02, `${steps}`)
  assert.ok(steps[0]! > 0.8 && steps.at(-1)! < 0.2, `${steps}`)
})
