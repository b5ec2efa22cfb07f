import { HOPS } from '../../schemas/kinds/kinds.ts'
import type { Drill, DrillTarget } from './drillFile.ts'

/** What a target did in one step, as `k6/drill.ts` counts it. */
export interface StepOfTarget {
  readonly name: string
  readonly asked_per_s: number
  readonly requests: number
  /** What could not be sent, since too much was waiting for an answer. */
  readonly dropped: number
  readonly failed: number
  readonly median_ms: number
  readonly p95_ms: number
}

export interface Step {
  readonly load_per_s: number
  readonly targets: readonly StepOfTarget[]
}

/** A target that no longer does what it ought to. */
export interface Bend {
  readonly name: string
  readonly hop: DrillTarget['hop']
  readonly why: string
  /** What was asked of it in the step, and in the last one that it withstood; 0: none. */
  readonly asked_per_s: number
  readonly withstood_per_s: number
}

export interface DrillCard {
  readonly title: string
  readonly steps: readonly Step[]
  /** Who bent first: the hop that lies first on the link, of those that bent in the same step. */
  readonly first: Bend | undefined
  readonly bends: readonly Bend[]
}

const P95_MS = 500
const FAILED = 0.01
/** Of what was asked this much may not have been sent. */
const DROPPED = 0.05

/** Why a target has bent, in words; undefined: it has not. */
function whyBent(target: DrillTarget, step: StepOfTarget, for_s: number): string | undefined {
  const { p95_ms = P95_MS, failed = FAILED } = target
  const wanted = step.asked_per_s * for_s
  if (step.failed > failed) return `${(step.failed * 100).toFixed(1)} % failed, ${failed * 100} % may`
  if (step.p95_ms > p95_ms) return `p95 ${Math.round(step.p95_ms)} ms, ${p95_ms} may be`
  if (step.dropped > wanted * DROPPED)
    return `${Math.round(step.dropped)} of ${Math.round(wanted)} could not be sent: too many waited for an answer`
  return undefined
}

/** One scorecard of all steps. */
export function cardOf(drill: Drill, steps: readonly Step[]): DrillCard {
  const { for_s = 10 } = drill.steps
  const bends: (Bend & { readonly at: number })[] = []
  for (const target of drill.targets) {
    const own = steps.map((step) => step.targets.find(({ name }) => name === target.name)!)
    const at = own.findIndex((step) => whyBent(target, step, for_s) !== undefined)
    if (at < 0) continue
    bends.push({
      ...{ name: target.name, hop: target.hop, at },
      why: whyBent(target, own[at]!, for_s)!,
      asked_per_s: own[at]!.asked_per_s,
      withstood_per_s: own[at - 1]?.asked_per_s ?? 0,
    })
  }
  bends.sort((a, b) => a.at - b.at || HOPS.indexOf(a.hop) - HOPS.indexOf(b.hop))
  const plain = bends.map(({ at: _, ...bend }) => bend)
  return { title: drill.title, steps, first: plain[0], bends: plain }
}

const rate = (value: number): string => String(Number(value.toPrecision(3)))

/** The scorecard as lines of text. */
export function tellCard({ title, steps, first, bends }: DrillCard): string {
  const lines = [title, '', 'load/s   target            asked/s  answered    p95 ms   failed']
  for (const { load_per_s, targets } of steps)
    for (const { name, asked_per_s, requests, p95_ms, failed } of targets)
      lines.push(
        `${rate(load_per_s).padEnd(8)} ${name.padEnd(16)} ${rate(asked_per_s).padStart(8)} ${String(requests).padStart(9)} ${p95_ms.toFixed(0).padStart(9)} ${`${(failed * 100).toFixed(1)} %`.padStart(8)}`,
      )
  lines.push('')
  if (first === undefined)
    lines.push(`Nothing bent up to ${rate(steps.at(-1)?.load_per_s ?? 0)} requests a second.`)
  for (const [at, { name, hop, why, asked_per_s, withstood_per_s }] of bends.entries())
    lines.push(
      `${at === 0 ? 'Bent first' : 'Then'}: ${hop}, ${name}, at ${rate(asked_per_s)} a second: ${why}. It withstood ${rate(withstood_per_s)}.`,
    )
  return lines.join('\n')
}
