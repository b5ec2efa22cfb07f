import { type Static, Type } from '@sinclair/typebox'
import { HOPS } from './kinds/kinds.ts'
import { METRIC_NAMES, type Metric } from './metrics.ts'
import { ACTING_LEVELS, type ActingLevel, OBSERVED, planScore, type WalkedPlan } from './planWalk.ts'
import { ROLLUPS } from './rollups.ts'
import { rollupsOf } from './sources.ts'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 128, description })

/** When the pipeline itself sees that a step was carried out: a metric of the show reaches a value. */
export const SeenWhen = Type.Object(
  {
    metric: Type.Union(
      METRIC_NAMES.map((metric) => Type.Literal(metric)),
      { description: 'A metric of the catalogue, over the show.' },
    ),
    where: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Only of these dimension values, e.g. `{ cdn: cdn-c }` or `{ node: standby }`.',
      }),
    ),
    at_least: Type.Optional(Type.Number({ description: 'In the metric’s unit.' })),
    at_most: Type.Optional(Type.Number({ description: 'In the metric’s unit.' })),
  },
  { additionalProperties: false },
)
export type SeenWhen = Static<typeof SeenWhen>

/** One step of a show’s contingency plan. */
export const PlanStep = Type.Object(
  {
    step: Type.String({
      pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
      form: 'a name of small letters, digits, `.`, `_` and `-`',
      description: 'Its name within the show: small letters, digits, `.`, `_`, `-`.',
    }),
    level: Type.Union(
      ['check' as const, ...ACTING_LEVELS].map((level) => Type.Literal(level)),
      { description: 'check: before the show; the others act on an incident, in this order.' },
    ),
    does: Type.String({ minLength: 1, maxLength: 300, description: 'What is done.' }),
    who: Type.Optional(name('Who does it.')),
    within_s: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 86_400,
        description:
          'Of a check: at the latest so long before the show starts. Else how fast the level must have ended the incident, s.',
      }),
    ),
    hop: Type.Optional(
      Type.Union(
        HOPS.map((hop) => Type.Literal(hop)),
        {
          description:
            'It answers incidents of this hop. Default: all that no other step of its level answers.',
        },
      ),
    ),
    seen: Type.Optional(SeenWhen),
  },
  { additionalProperties: false },
)
export type PlanStep = Static<typeof PlanStep>

/** Why the steps of a show are no plan; undefined when they are one. */
export function stepsProblem(steps: readonly PlanStep[]): string | undefined {
  for (const [at, { step, level, hop, seen }] of steps.entries()) {
    const where = `steps.${at}`
    if (steps.findIndex((each) => each.step === step) < at)
      return `${where}.step: two steps are called ${step}`
    if (level === 'check' && hop !== undefined)
      return `${where}.hop: a check is before the show, of no incident`
    const twin = steps.findIndex((each) => level !== 'check' && each.level === level && each.hop === hop)
    if (twin >= 0 && twin < at)
      return `${where}: ${steps[twin]!.step} is the step of the level ${level} for ${hop ?? 'all hops'} already`
    if (seen === undefined) continue
    if (seen.at_least === undefined && seen.at_most === undefined)
      return `${where}.seen: at_least or at_most is missing`
    const keys = Object.keys(seen.where ?? {})
    if (seenIn(seen) === undefined)
      return `${where}.seen.where: ${seen.metric} is not kept apart by ${keys.join(' and ')}`
  }
  return undefined
}

/** The rollup that a condition is read from. */
const seenIn = ({ metric, where = {} }: SeenWhen) =>
  rollupsOf([metric as Metric], Object.keys(where)).find((rollup) => ROLLUPS[rollup].step_s === 10)

/** Whether a value of its metric fulfils a condition. */
export const fulfils = (
  { at_least = -Infinity, at_most = Infinity }: SeenWhen,
  value: number | null,
): boolean => value !== null && value >= at_least && value <= at_most

/** The step of each level that answers incidents of a hop. */
export function stepsFor(steps: readonly PlanStep[], hop: string): Partial<Record<ActingLevel, PlanStep>> {
  return Object.fromEntries(
    ACTING_LEVELS.flatMap((level) => {
      const own = steps.filter((each) => each.level === level)
      const chosen = own.find((each) => each.hop === hop) ?? own.find((each) => each.hop === undefined)
      return chosen === undefined ? [] : [[level, chosen]]
    }),
  )
}

/** What somebody says of a check of a show; kept in the compacted topic of incidents. */
export const CheckTick = Type.Object(
  {
    tenant: name('Whose.'),
    show: name('The show.'),
    step: name('The step.'),
    state: Type.Union([Type.Literal('done'), Type.Literal('failed')], {
      description: 'done: it was carried out and holds; failed: it does not hold.',
    }),
    at_ms: Type.Number({ minimum: 0, description: 'When, ms since the epoch.' }),
    by: Type.Optional(name('Who or what carried it out.')),
  },
  { additionalProperties: false },
)
export type CheckTick = Static<typeof CheckTick>

/** Its key in the compacted topic. */
export const checkKey = (tenant: string, show: string, step: string): string =>
  `checks/${JSON.stringify([tenant, show, step])}`

/** `open`: its time has not passed; `late`: done after it; `missed`: its time passed without a word. */
export type CheckState = 'open' | 'done' | 'late' | 'failed' | 'missed'

/** A check of the plan, and where it stands. */
export interface WalkedCheck {
  readonly step: string
  readonly does: string
  readonly who?: string
  /** Until when it is to be done, ms since the epoch; undefined where the show says no beginning. */
  readonly due_ms?: number
  readonly state: CheckState
  readonly at_ms?: number
  readonly by?: string
}

/** A tick of a show that is repeated counts for the run that begins within this time after it. */
const RUN_MS = 86_400_000

/** Where one check stands. @param seen_ms when the pipeline saw its condition fulfilled */
export function walkCheck(
  { step, does, who, within_s = 0 }: PlanStep,
  {
    starts_ms,
    now_ms,
    tick,
    seen_ms,
  }: {
    readonly starts_ms?: number
    readonly now_ms: number
    readonly tick?: CheckTick
    readonly seen_ms?: number
  },
): WalkedCheck {
  const due_ms = starts_ms === undefined ? undefined : starts_ms - within_s * 1000
  const ticked =
    tick !== undefined && (starts_ms === undefined || tick.at_ms > starts_ms - RUN_MS) ? tick : undefined
  const known =
    ticked ?? (seen_ms === undefined ? undefined : { state: 'done' as const, at_ms: seen_ms, by: OBSERVED })
  const late = due_ms !== undefined && (known?.at_ms ?? now_ms) > due_ms
  const state =
    known === undefined
      ? late
        ? 'missed'
        : 'open'
      : known.state === 'failed'
        ? 'failed'
        : late
          ? 'late'
          : 'done'
  return { step, does, who, due_ms, state, at_ms: known?.at_ms, by: known?.by }
}

/** A show’s plan and how it went: `GET /api/plan/:show`. */
export interface ShowPlan {
  readonly checks: readonly WalkedCheck[]
  /** Incidents of the time looked at, the oldest first. */
  readonly incidents: readonly {
    readonly id: string
    readonly summary_en: string
    readonly summary_zh: string
    readonly opened_ms: number
    readonly open: boolean
    readonly plan: WalkedPlan
  }[]
  readonly score: PlanScore
}

export interface PlanScore {
  /** Checks done in time, of all whose time has passed or that were ticked. */
  readonly checks_done: number
  readonly checks: number
  /** Incidents that a level ended within its time, of all that are over. */
  readonly held: number
  readonly over: number
  /** Incidents in which a level failed and a later one led on. */
  readonly led_on: number
}

/** The score of a plan. */
export function scoreOf({ checks, incidents }: Pick<ShowPlan, 'checks' | 'incidents'>): PlanScore {
  const judged = checks.filter(({ state }) => state !== 'open')
  return {
    checks_done: judged.filter(({ state }) => state === 'done').length,
    checks: judged.length,
    ...planScore(incidents.map(({ plan }) => plan)),
    led_on: incidents.filter(
      ({ plan: { steps } }) =>
        steps[0]?.state === 'failed' && steps.some(({ state }) => state === 'done' || state === 'acting'),
    ).length,
  }
}
