import { type Static, Type } from '@sinclair/typebox'
import { DIMENSIONS } from './dimensions.ts'
import { HOPS } from './kinds/kinds.ts'
import { METRIC_NAMES, metricOf } from './metrics.ts'
import { nearest } from './nearest.ts'

const { Optional: optional } = Type
const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 128, description }))
const time = (description: string) => Type.Number({ minimum: 0, description })

/** Something an operator announced, kept in the compacted topic of incidents under `planned/<id>`. */
export const Planned = Type.Object(
  {
    type: Type.Union([Type.Literal('silence'), Type.Literal('maintenance')], {
      description:
        'silence: incidents are found and stored, and nobody is told; maintenance: nothing new is opened, a planned break.',
    }),
    id: Type.String({ minLength: 1, maxLength: 128, pattern: '^[\\w.:-]+$', description: 'Names it.' }),
    match: Type.Object(
      {
        tenant: name('Whose; `*` in a name matches anything.'),
        show: name('Which show.'),
        stream: name('Which stream.'),
      },
      { additionalProperties: false, description: 'What it is for; without a name all.' },
    ),
    rule: name('Only incidents of this rule, e.g. `bitrate-baseline`, are silenced.'),
    hop: name('Only incidents on this hop are silenced.'),
    cause: optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Only incidents whose cause has these values are silenced.',
      }),
    ),
    from_ms: time('When it begins, ms since the epoch.'),
    to_ms: time('When it ends.'),
    by: name('Who announced it.'),
    reason: optional(Type.String({ maxLength: 500, description: 'Why.' })),
  },
  { additionalProperties: false },
)
export type Planned = Static<typeof Planned>

/** Its key in the compacted topic. */
export const plannedKey = (id: string): string => `${PLANNED_PREFIX}${id}`
export const PLANNED_PREFIX = 'planned/'

/** Every rule by the name that incidents carry: metric and type, e.g. `bitrate-baseline`. */
const ruleNames = (): string[] =>
  METRIC_NAMES.flatMap((metric) => (metricOf(metric).rules ?? []).map(({ type }) => `${metric}-${type}`))

/** Why a plan of the right form would do nothing; undefined when it does something. @param now_ms ms since the epoch */
export function planProblem(
  { from_ms, to_ms, rule, hop, cause = {} }: Planned,
  now_ms: number,
): string | undefined {
  if (to_ms <= from_ms) return 'to_ms: it ends before it begins'
  if (to_ms <= now_ms) return `to_ms: it ended at ${new Date(to_ms).toISOString()}, in the past`
  if (rule !== undefined && !rule.includes('*') && !ruleNames().includes(rule))
    return `rule: there is no rule ${rule}${nearest(rule, ruleNames())}`
  if (hop !== undefined && !(HOPS as readonly string[]).includes(hop))
    return `hop: there is no hop ${hop}${nearest(hop, HOPS)}; there are ${HOPS.join(', ')}`
  const dimension = Object.keys(cause).find((each) => !Object.hasOwn(DIMENSIONS, each))
  if (dimension !== undefined)
    return `cause: there is no dimension ${dimension}${nearest(dimension, Object.keys(DIMENSIONS))}`
  return undefined
}
