import type { Cells } from '../../processor/watch/localise/cells.ts'
import { binomial, generator, normal } from './random.ts'

/** A made-up platform with a fault of known place, to measure localisation on what no label set has. */
export interface SceneOptions {
  readonly seed: number
  /** How many values each dimension has. */
  readonly cardinalities: readonly number[]
  /** Viewers a frame, spread over the cells by Zipf's law in each dimension. */
  readonly viewers: number
  /** Values of dimensions that are hurt, `[dimension, code]`. */
  readonly causes: readonly (readonly (readonly [number, number])[])[]
  /** Probability by which each viewer in a cause fails who would not have. */
  readonly lift: number
  /** The same for everybody. */
  readonly liftAll?: number
  /** Failing share of an ordinary viewer. Default 0.02. */
  readonly base?: number
  /** Factor on the audience of the first dimension's first value in the frame of now: the mix drifts. */
  readonly mix?: number
  readonly frames?: number
}

/** Cells of now and of the frames before. Values differ in how often they fail; every cell wavers by about 15 %. */
export const scene = (options: SceneOptions): { dimensions: string[]; now: Cells; before: Cells } => {
  const { cardinalities, viewers, causes, lift, liftAll = 0, base = 0.02, mix = 1, frames = 5 } = options
  const random = generator(options.seed)
  const effects = cardinalities.map((size) =>
    Array.from({ length: size }, () => Math.exp(normal(random) * 0.3)),
  )
  const weights = cardinalities.map((size) => {
    const raw = Array.from({ length: size }, (_, rank) => 1 / (rank + 1))
    const sum = raw.reduce((a, b) => a + b)
    return raw.map((weight) => weight / sum)
  })
  const cells = cardinalities.reduce<number[][]>(
    (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, code) => [...cell, code])),
    [[]],
  )
  const draw = (which: number[], faulty: boolean): Cells => {
    const rows: { cell: number[]; value: number; count: number; frame: number }[] = []
    for (const frame of which) {
      for (const cell of cells) {
        const share = cell.reduce((product, code, d) => product * weights[d]![code]!, 1)
        const wanted = viewers * share * (faulty && cell[0] === 0 ? mix : 1) * Math.exp(normal(random) * 0.1)
        const count = Math.floor(wanted) + (random() < wanted % 1 ? 1 : 0)
        if (count === 0) continue
        let rate = cell.reduce((product, code, d) => product * effects[d]![code]!, base)
        rate = Math.min(0.9, rate * Math.exp(normal(random) * 0.15))
        if (faulty) {
          rate += (1 - rate) * liftAll
          for (const cause of causes) {
            if (cause.every(([d, code]) => cell[d] === code)) {
              rate += (1 - rate) * Math.min(0.9, lift * Math.exp(normal(random) * 0.25))
            }
          }
        }
        rows.push({ cell, value: binomial(random, count, rate), count, frame })
      }
    }
    return {
      codes: cardinalities.map((_, d) => Int32Array.from(rows, ({ cell }) => cell[d]!)),
      value: Float64Array.from(rows, ({ value }) => value),
      count: Float64Array.from(rows, ({ count }) => count),
      frame: Int32Array.from(rows, ({ frame }) => frame),
    }
  }
  return {
    dimensions: cardinalities.map((_, d) => `d${d}`),
    before: draw(
      Array.from({ length: frames }, (_, frame) => frame),
      false,
    ),
    now: draw([frames], true),
  }
}
