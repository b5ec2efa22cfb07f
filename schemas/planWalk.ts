import { type Static, Type } from '@sinclair/typebox'

/** Levels of a contingency plan that act on an incident, in the order in which they do; `check` is before the show. */
export const ACTING_LEVELS = ['automatic', 'standby', 'manual'] as const
export type ActingLevel = (typeof ACTING_LEVELS)[number]

/** How fast each level must have ended an incident, s, where a show does not say. */
export const WITHIN_S: Readonly<Record<ActingLevel, number>> = { automatic: 15, standby: 60, manual: 300 }

const name = (description: string) => Type.String({ maxLength: 128, description })

/** What somebody, or a switch, says of one step; kept in the compacted topic of incidents under `steps/INCIDENT/LEVEL`. */
export const Tick = Type.Object(
  {
    incident: name('Id of the incident.'),
    tenant: name('Whose.'),
    level: Type.Union(
      ACTING_LEVELS.map((level) => Type.Literal(level)),
      { description: 'Which level.' },
    ),
    state: Type.Union([Type.Literal('done'), Type.Literal('failed')], {
      description: 'done: it was carried out; failed: it could not be, and the next level acts.',
    }),
    at_ms: Type.Number({ minimum: 0, description: 'When, ms since the epoch.' }),
    by: Type.Optional(name('Who or what carried it out.')),
  },
  { additionalProperties: false },
)
export type Tick = Static<typeof Tick>

/** Its key in the compacted topic. */
export const tickKey = (incident: string, level: string): string => `steps/${incident}/${level}`

/**
 * Where a step has got to. `waiting`: a level before it acts; `acting`: its time runs; `done`: ticked, or the trouble was over while it acted;
 * `failed`: ticked so, or its time passed; `spared`: the trouble was over before it had to act.
 */
export type StepState = 'waiting' | 'acting' | 'done' | 'failed' | 'spared'

export interface WalkedStep {
  readonly level: ActingLevel
  readonly state: StepState
  readonly within_s: number
  /** When its time began, ms; undefined while a level before it acts. */
  readonly began_ms?: number
  /** From then until it was done, or failed, s. */
  readonly took_s?: number
  /** How it is known: somebody ticked it, or the pipeline saw it (`observed`). */
  readonly by?: string
  /** What the show's plan says of it, and who does it. */
  readonly does?: string
  readonly who?: string
}

export interface WalkedPlan {
  readonly steps: readonly WalkedStep[]
  /** Of a trouble that is over: whether a level ended it within its time. */
  readonly held?: boolean
}

export interface WalkOptions {
  /** When the incident was found, ms. */
  readonly opened_ms: number
  /** When it was over, ms; 0 while it is open. */
  readonly over_ms: number
  readonly now_ms: number
  readonly within_s?: Partial<Readonly<Record<ActingLevel, number>>>
  readonly ticks?: readonly Pick<Tick, 'level' | 'state' | 'at_ms' | 'by'>[]
}

/** Known by the incident's own end, or by a metric that the step names. */
export const OBSERVED = 'observed'

/**
 * Walks an incident through the levels of its plan: the first acts when the incident is found, the next one when the one before failed or its time passed without an end. A step
 * is known by its tick, or by the incident's end.
 *
 * Example: found at 0 s, over at 40 s, no ticks: automatic failed after 15 s, standby done after 25 s of 60 (observed), manual spared.
 */
export function walkPlan({ opened_ms, over_ms, now_ms, within_s, ticks = [] }: WalkOptions): WalkedPlan {
  const until_ms = over_ms > 0 ? over_ms : now_ms
  let began_ms: number | undefined = opened_ms
  let ended = false
  const steps = ACTING_LEVELS.map((level): WalkedStep => {
    const allowed_s = within_s?.[level] ?? WITHIN_S[level]
    const base = { level, within_s: allowed_s }
    const start_ms = began_ms
    if (ended) return { ...base, state: 'spared' }
    if (start_ms === undefined) return { ...base, state: 'waiting' }
    const known = { ...base, began_ms: start_ms }
    const tick = ticks.find((each) => each.level === level)
    const limit_ms = start_ms + allowed_s * 1000
    const took = (at_ms: number) => Math.max(0, Math.round((at_ms - start_ms) / 100) / 10)
    if (tick?.state === 'failed') {
      began_ms = Math.max(start_ms, tick.at_ms)
      return { ...known, state: 'failed', took_s: took(tick.at_ms), by: tick.by }
    }
    const over = over_ms > 0 && over_ms <= limit_ms
    if (over || until_ms < limit_ms) {
      ended = over
      began_ms = undefined
      if (tick !== undefined) return { ...known, state: 'done', took_s: took(tick.at_ms), by: tick.by }
      return over
        ? { ...known, state: 'done', took_s: took(over_ms), by: OBSERVED }
        : { ...known, state: 'acting' }
    }
    // Carried out or not: its time passed and the trouble was not over.
    began_ms = limit_ms
    return { ...known, state: 'failed', took_s: allowed_s, by: tick?.by }
  })
  return over_ms === 0 ? { steps } : { steps, held: steps.some(({ state }) => state === 'done') }
}

/** How well a show's plan held: troubles that a level ended within its time, of all that are over. */
export function planScore(walks: readonly WalkedPlan[]): { readonly held: number; readonly over: number } {
  const over = walks.filter(({ held }) => held !== undefined)
  return { held: over.filter(({ held }) => held).length, over: over.length }
}
