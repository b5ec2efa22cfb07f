import { type Static, Type } from '@sinclair/typebox'

/** What the on-call says of an incident. */
export const MARKS = ['useful', 'noise', 'expected'] as const
export type Mark = (typeof MARKS)[number]

const name = (description: string) => Type.String({ maxLength: 128, description })

/** A mark as it is kept in the compacted topic of incidents under `mark/INCIDENT`: it moves the bar of one stream's rule. */
export const Marked = Type.Object(
  {
    incident: name('Id of the incident.'),
    mark: Type.Union(
      MARKS.map((each) => Type.Literal(each)),
      {
        description:
          'useful: the page was right; noise: it should not have come; expected: it was right and nobody needed it.',
      },
    ),
    tenant: name('Whose.'),
    show: name('The show of the incident.'),
    stream: name('The stream of the incident.'),
    rule: name('The rule that found it, e.g. `bitrate-baseline`.'),
    by: Type.Optional(name('Who marked it.')),
    at_ms: Type.Number({ minimum: 0, description: 'When it was marked, ms since the epoch.' }),
  },
  { additionalProperties: false },
)
export type Marked = Static<typeof Marked>

export const MARK_PREFIX = 'mark/'
/** Its key in the compacted topic. */
export const markKey = (incident: string): string => `${MARK_PREFIX}${incident}`

/** How far one mark moves the bar, as a power of `STEP`. */
const WEIGHTS: Readonly<Record<Mark, number>> = { useful: -1, noise: 1, expected: 0.5 }
const STEP = 1.25
/** The bar never moves further than this, whatever is marked. */
export const LOWEST_BAR = 0.8
export const HIGHEST_BAR = 2.5

/** The bar of one stream's rule: how many times the usual surprise a finding must have to open an incident. */
export interface Bar {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly rule: string
  readonly factor: number
  /** The marks it follows from. */
  readonly marks: readonly Marked[]
}

/**
 * The bars that marks have moved: 1.25 ^ (noise + ½ expected − useful), between 0.8 and 2.5. A mark that is taken back moves
 * its bar back.
 *
 * Example: two pages of a rule marked as noise, none as useful: its bar is 1.25² = 1.56 times the usual.
 */
export function barsOf(marks: Iterable<Marked>): Bar[] {
  const groups = new Map<string, Marked[]>()
  for (const marked of marks) {
    const key = JSON.stringify([marked.tenant, marked.show, marked.stream, marked.rule])
    groups.set(key, [...(groups.get(key) ?? []), marked])
  }
  return [...groups.values()].map((own) => {
    const { tenant, show, stream, rule } = own[0]!
    const steps = own.reduce((sum, { mark }) => sum + WEIGHTS[mark], 0)
    const factor = Math.min(HIGHEST_BAR, Math.max(LOWEST_BAR, STEP ** steps))
    return { tenant, show, stream, rule, factor, marks: own }
  })
}
