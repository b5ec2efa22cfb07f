import type { Drawn } from './drawn.ts'
import { createRandom, type Random } from './random.ts'

/**
 * How a real audience's stalls wander while nothing is wrong: standard deviations of the logarithm of the share of viewers who stall in a minute, beyond
 * chance. Medians over the 365 quiet minutes before 45 labelled incidents of a live platform (RobustSpot, IEEE TSC 2022): of the whole audience, and of a dimension's
 * value relative to the whole. Quartiles above: 0.22 of the whole, 0.16 of renditions, 0.18 of devices. CDNs and operators did not wander beyond chance. One minute
 * says nothing about the next (correlation 0.04).
 */
export const WANDERING = {
  whole: 0.1,
  values: { rendition: 0.06, device: 0.09 } satisfies Partial<Record<Drawn, number>>,
} as const

const MINUTE_MS = 60_000
/** No minute is worse than this by wandering alone; what is more is trouble that nobody labelled. */
const MOST = 2

/** When an undisturbed viewer stalls next. */
export interface Background {
  /** ms until the next stall of a viewer with these values. */
  untilStall(random: Random, now_ms: number, codeOf: (name: Drawn) => number): number
}

/**
 * Stalls at `stalls_per_minute` of each viewer, with the wandering of a real audience times `unrest` (0: even, 1: as measured). The wandering follows
 * from the seed, not from who asks first.
 */
export function createBackground(options: {
  readonly seed: number
  readonly stalls_per_minute: number
  readonly unrest: number
}): Background {
  const { seed, stalls_per_minute, unrest } = options
  const mean_ms = MINUTE_MS / Math.max(stalls_per_minute, 1e-9)
  const wanderings = new Map<string, Wandering>()
  const wandering = (name: string, spread: number): Wandering => {
    let known = wanderings.get(name)
    if (known === undefined)
      wanderings.set(name, (known = new Wandering(hash(`${seed}/${name}`), spread * unrest)))
    return known
  }
  return {
    untilStall(random, now_ms, codeOf) {
      if (unrest === 0) return random.waiting(mean_ms)
      // Thinning: draw at the highest rate, keep each with the share of it that its minute has.
      for (let at_ms = now_ms; ; ) {
        at_ms += random.waiting(mean_ms / MOST)
        const minute = Math.floor(at_ms / MINUTE_MS)
        let logarithm = wandering('whole', WANDERING.whole).at(minute)
        for (const [name, spread] of Object.entries(WANDERING.values))
          logarithm += wandering(`${name}/${codeOf(name as Drawn)}`, spread).at(minute)
        if (random.next() * MOST < Math.exp(logarithm) || minute > LAST_MINUTE) return at_ms - now_ms
      }
    },
  }
}

/** Longer than any show. */
const LAST_MINUTE = 4 * 24 * 60

/** One number a minute, made up to the minute that is asked for. */
class Wandering {
  private readonly random: Random
  private readonly spread: number
  private readonly steps: number[] = []

  constructor(seed: number, spread: number) {
    this.random = createRandom(seed)
    this.spread = spread
  }

  at(minute: number): number {
    const wanted = Math.max(0, Math.min(minute, LAST_MINUTE))
    while (this.steps.length <= wanted) this.steps.push(Math.log(this.random.about(1, this.spread)))
    return this.steps[wanted]!
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value
}
