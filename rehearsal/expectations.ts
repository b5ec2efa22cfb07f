import type { Hop } from '../schemas/kinds/kinds.ts'
import type { ActingLevel } from '../schemas/planWalk.ts'
import type { Scenario } from './scenarioSchema.ts'
import type { Trouble } from './stage.ts'

/** The incident that ought to come of one fault. */
export interface Expectation {
  readonly trouble: Trouble
  readonly page: boolean
  readonly hops: readonly string[]
  readonly cause: Readonly<Record<string, string>>
  readonly within_s: number
  /** How fast each level of its contingency plan must have ended it, s, where the scenario says. */
  readonly plan: Partial<Record<ActingLevel, number>>
}

/** What a scenario expects: what it says, and for every fault it does not mention what follows from the fault. */
export function expectationsOf(scenario: Scenario, troubles: readonly Trouble[]): Expectation[] {
  return troubles
    .filter(({ kind }) => kind !== 'planned_break')
    .map((trouble): Expectation => {
      const stated = scenario.expect?.find(({ fault }) => fault === trouble.id)
      const { spec, place } = trouble
      const hop: Hop = spec.hop
      return {
        trouble,
        page: stated?.page ?? true,
        hops: stated?.hop ? [stated.hop, ...(stated.also_hops ?? [])] : [hop, ...(spec.also ?? [])],
        cause: stated?.cause ?? spec.cause ?? place,
        within_s: stated?.within_s ?? spec.within_s ?? 5,
        plan: Object.fromEntries(
          (scenario.plan ?? []).flatMap(({ level, within_s, for: fault }) =>
            within_s === undefined || (fault !== undefined && fault !== trouble.id)
              ? []
              : [[level, within_s]],
          ),
        ),
      }
    })
}
