import type { Matched } from './cells.ts'
import type { CellLikelihood } from './likelihood.ts'

/** Logarithms of the common drifts tried for everything outside a cause: from about half to three times as bad. */
const DRIFTS = [-0.6, -0.3, 0, 0.3, 0.6, 0.9, 1.2]
const AT_REST = 2

/** What the data say for "these cells rose, all the others drifted alike", against "all drifted alike". */
export interface Evidence {
  /** Log-likelihood ratio in nats; above 0 the cause explains the cells better than a common drift does. */
  readonly score: number
  readonly value: number
  readonly count: number
  readonly expected: number
}

export interface Weigh {
  /** Evidence for one set of cells; `precision` other than that of a cause's inside only for the set of all cells. */
  of(cells: Int32Array, precision?: number): Evidence
  /** Log-likelihood ratio of the common drift against no change at all, and the factor that fits best. */
  readonly drift: { readonly score: number; readonly factor: number }
}

/**
 * Prepares the weighing of causes. Inside a cause each cell's ratio is spread widely (`inside` pseudo-viewers) around
 * the level the whole cause rose to; outside it is spread narrowly (`outside`) around its expected ratio times a common
 * drift g, with ln g ~ Normal(0, drift). A cell inside that did not rise, and a cell outside that did, both count
 * against the cause; this is what decides between a cause, its parents and its children.
 */
export const weigher = (options: {
  cells: Matched
  likelihood: CellLikelihood
  /** A share rises by π of those who were well; a level by a factor. */
  additive: boolean
  sign: 1 | -1
  inside: number
  outside: number
  drift: number
}): Weigh => {
  const { cells, likelihood, additive, sign, inside, outside, drift } = options
  const { size, value, count, expected } = cells
  const steps = DRIFTS.length
  const atDrift = new Float64Array(size * steps)
  const all = new Float64Array(steps)
  const prior = DRIFTS.map((log) => -0.5 * (log / drift) ** 2)
  for (let i = 0; i < size; i++) {
    for (let s = 0; s < steps; s++) {
      const log = likelihood(value[i]!, count[i]!, expected[i]! * Math.exp(DRIFTS[s]!), outside)
      atDrift[i * steps + s] = log
      all[s] = all[s]! + log
    }
  }
  const common = peak(all.map((sum, s) => sum + prior[s]!))
  const rest = new Float64Array(steps)

  const of = (members: Int32Array, precision = inside): Evidence => {
    rest.set(all)
    let v = 0
    let n = 0
    let e = 0
    for (const i of members) {
      v += value[i]!
      n += count[i]!
      e += count[i]! * expected[i]!
      for (let s = 0; s < steps; s++) rest[s] = rest[s]! - atDrift[i * steps + s]!
    }
    if ((v - e) * sign <= 0 || n <= 0) return { score: -Infinity, value: v, count: n, expected: e }
    const lift = additive ? Math.min(1, (v - e) / Math.max(n - e, 1e-9)) : v / Math.max(e, 1e-9)
    let risen = 0
    for (const i of members) {
      const b = expected[i]!
      const mean = additive ? b + lift * (1 - b) : b * lift
      risen += likelihood(value[i]!, count[i]!, mean, precision)
    }
    for (let s = 0; s < steps; s++) rest[s] = rest[s]! + prior[s]!
    return { score: risen + peak(rest).height - common.height, value: v, count: n, expected: e }
  }
  return { of, drift: { score: common.height - all[AT_REST]!, factor: Math.exp(common.at) } }
}

/** Highest point of a curve known at the drifts: a parabola through the best three. */
const peak = (curve: Float64Array): { height: number; at: number } => {
  let best = 0
  for (let s = 1; s < curve.length; s++) if (curve[s]! > curve[best]!) best = s
  const at = DRIFTS[best]!
  if (best === 0 || best === curve.length - 1) return { height: curve[best]!, at }
  const left = curve[best - 1]!
  const right = curve[best + 1]!
  const bend = left - 2 * curve[best]! + right
  if (bend >= 0) return { height: curve[best]!, at }
  const shift = (0.5 * (left - right)) / bend
  return { height: curve[best]! - 0.25 * (left - right) * shift, at: at + shift * 0.3 }
}
