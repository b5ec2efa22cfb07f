import type { Matched } from './cells.ts'
import type { CellLikelihood } from './likelihood.ts'

/** Logarithms of the common drifts tried for everything outside a cause: from about half to three times as bad. */
const DRIFTS = [-0.4, 0, 0.4, 0.8, 1.2]
const STEP = 0.4

/** What the data say for one set of cells that rose together, all others having drifted alike. */
export interface Evidence {
  /** Log-likelihood ratio in nats against "all drifted alike": above 0 the cause explains the cells better. */
  readonly score: number
  readonly value: number
  readonly count: number
  readonly expected: number
  readonly members: Int32Array
  /** Log-likelihood of the members as risen, and as merely drifted by each step: what a union needs. */
  readonly risen: Float64Array
  readonly drifted: Float64Array
}

export interface Weigh {
  /** Evidence for one cause; `tightness` other than the usual only for the set of all cells. */
  one(members: Int32Array, tightnesses?: readonly number[]): Evidence
  /** Score of two or more causes at once. A cell in several belongs to the first of them. */
  together(causes: readonly Evidence[]): number
}

/**
 * Prepares the weighing of causes. Inside a cause each cell's ratio is spread widely (`inside`) around the level the
 * whole cause rose to; outside it is spread narrowly (`outside`) around its expected ratio times a common drift g, with
 * ln g ~ Normal(0, drift). A cell inside that did not rise, and a cell outside that did, both count against the cause;
 * this is what decides between a cause, its parents and its children.
 */
export const weigher = (options: {
  cells: Matched
  likelihood: CellLikelihood
  /** A share rises by π of those who were well; a level by a factor. */
  additive: boolean
  sign: 1 | -1
  inside: readonly number[]
  outside: readonly number[]
  drift: number
}): Weigh => {
  const { cells, likelihood, additive, sign, inside, outside, drift } = options
  const { size, value, count, expected } = cells
  const steps = DRIFTS.length * outside.length
  const factors = DRIFTS.map((log) => Math.exp(log))
  const atDrift = new Float64Array(size * steps)
  const all = new Float64Array(steps)
  for (let i = 0; i < size; i++) {
    let s = 0
    for (const tightness of outside) {
      for (const factor of factors) {
        const log = likelihood(value[i]!, count[i]!, expected[i]! * factor, tightness)
        atDrift[i * steps + s] = log
        all[s] = all[s]! + log
        s++
      }
    }
  }
  const prior = new Float64Array(steps)
  for (let s = 0; s < steps; s++) prior[s] = -0.5 * (DRIFTS[s % DRIFTS.length]! / drift) ** 2
  const common = peak(all.map((sum, s) => sum + prior[s]!))
  const rest = new Float64Array(steps)
  const owner = new Int32Array(size)
  let stamp = 0

  const one = (members: Int32Array, tightnesses = inside): Evidence => {
    let v = 0
    let n = 0
    let e = 0
    for (const i of members) {
      v += value[i]!
      n += count[i]!
      e += count[i]! * expected[i]!
    }
    const sums = { value: v, count: n, expected: e, members }
    const drifted = new Float64Array(steps)
    if ((v - e) * sign <= 0 || n <= 0) {
      return { ...sums, score: Number.NEGATIVE_INFINITY, risen: new Float64Array(0), drifted }
    }
    const lift = additive ? Math.min(1, (v - e) / Math.max(n - e, 1e-9)) : v / Math.max(e, 1e-9)
    let risen = new Float64Array(members.length)
    let gain = Number.NEGATIVE_INFINITY
    for (const tightness of tightnesses) {
      const tried = new Float64Array(members.length)
      let sum = 0
      for (let k = 0; k < members.length; k++) {
        const i = members[k]!
        const b = expected[i]!
        const mean = additive ? b + lift * (1 - b) : b * lift
        const log = likelihood(value[i]!, count[i]!, mean, tightness)
        tried[k] = log
        sum += log
      }
      if (sum > gain) {
        gain = sum
        risen = tried
      }
    }
    for (const i of members) {
      for (let s = 0; s < steps; s++) drifted[s] = drifted[s]! + atDrift[i * steps + s]!
    }
    for (let s = 0; s < steps; s++) rest[s] = all[s]! - drifted[s]! + prior[s]!
    return { ...sums, score: gain + peak(rest).height - common.height, risen, drifted }
  }

  const together = (causes: readonly Evidence[]): number => {
    stamp++
    let gain = 0
    for (let s = 0; s < steps; s++) rest[s] = all[s]! + prior[s]!
    for (const { members, risen, drifted } of causes) {
      for (let s = 0; s < steps; s++) rest[s] = rest[s]! - drifted[s]!
      for (let k = 0; k < members.length; k++) {
        const i = members[k]!
        if (owner[i] === stamp) {
          for (let s = 0; s < steps; s++) rest[s] = rest[s]! + atDrift[i * steps + s]!
        } else {
          owner[i] = stamp
          gain += risen[k]!
        }
      }
    }
    return gain + peak(rest).height - common.height
  }
  return { one, together }
}

/** Highest point over drifts and tightnesses: within the best tightness, a parabola through the best three drifts. */
const peak = (curve: Float64Array): { height: number; at: number } => {
  let best = 0
  for (let s = 1; s < curve.length; s++) if (curve[s]! > curve[best]!) best = s
  const step = best % DRIFTS.length
  const at = DRIFTS[step]!
  if (step === 0 || step === DRIFTS.length - 1) return { height: curve[best]!, at }
  const left = curve[best - 1]!
  const right = curve[best + 1]!
  const bend = left - 2 * curve[best]! + right
  if (bend >= 0) return { height: curve[best]!, at }
  const shift = (0.5 * (left - right)) / bend
  return { height: curve[best]! - 0.25 * (left - right) * shift, at: at + shift * STEP }
}
