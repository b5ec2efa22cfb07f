import { type Static, type TNumber, type TOptional, Type } from '@sinclair/typebox'
import { ACTING_LEVELS, type ActingLevel, WITHIN_S } from './planWalk.ts'
import { PlannedRound, TIME_FORM, TIME_PATTERN } from './roundPlan.ts'
import { PlanStep, stepsProblem } from './showPlan.ts'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 128, description })

/** A show as an operator declares it: one row that opens into its streams, each seen in some apps. */
export const ShowEntry = Type.Object(
  {
    show: name('Name of the show, as beacons say it.'),
    tenant: Type.Optional(name('Whose. Default: demo.')),
    title: Type.Optional(name('What people call it.')),
    streams: Type.Array(
      Type.Object(
        {
          stream: name('Name of the stream; reports that name only the stream belong to this show.'),
          apps: Type.Optional(Type.Array(name('An app this stream is seen in.'))),
        },
        { additionalProperties: false },
      ),
      { description: 'Its streams.' },
    ),
    starts: Type.Optional(
      Type.String({ pattern: TIME_PATTERN, form: TIME_FORM, description: 'When it begins, ISO 8601.' }),
    ),
    ends: Type.Optional(
      Type.String({ pattern: TIME_PATTERN, form: TIME_FORM, description: 'When it ends, ISO 8601.' }),
    ),
    viewers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        description:
          'Audience that is expected at the same time: `firstframe ready` asks whether there is room for it.',
      }),
    ),
    rounds: Type.Optional(
      Type.Array(PlannedRound, {
        maxItems: 1_000,
        description:
          'The calendar of its rounds: `firstframe shows apply` and `ready` warn where private ones overlap public ones.',
      }),
    ),
    plan: Type.Optional(
      Type.Object(
        Object.fromEntries(
          ACTING_LEVELS.map((level) => [
            level,
            Type.Optional(
              Type.Number({
                exclusiveMinimum: 0,
                maximum: 86_400,
                description: `How fast the level ${level} must have ended an incident, s. Default ${WITHIN_S[level]}.`,
              }),
            ),
          ]),
        ) as Record<ActingLevel, TOptional<TNumber>>,
        { additionalProperties: false, description: 'Times of the contingency plan’s levels.' },
      ),
    ),
    steps: Type.Optional(
      Type.Array(PlanStep, {
        maxItems: 100,
        description:
          'The contingency plan: checks before the show, and at each level what answers incidents of a hop. The page ticks them, the report scores them.',
      }),
    ),
    delay_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 3_600_000,
        description:
          'Artificial delay of the operator, ms. The collector takes it off the live latency of the show’s facts, so metric, rule, report and boards are without it.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type ShowEntry = Static<typeof ShowEntry>

/** Key of a show in the compacted topic. */
export const showKey = ({
  tenant = 'demo',
  show,
}: {
  readonly tenant?: string
  readonly show: string
}): string => `${tenant}/${show}`

/** Why an entry of the right form cannot be meant; undefined when it can. */
export function showProblem({
  streams,
  starts,
  ends,
  rounds = [],
  steps = [],
}: ShowEntry): string | undefined {
  const times = [
    ['starts', starts],
    ['ends', ends],
    ...rounds.flatMap(({ starts: from, ends: to }, at) => [
      [`rounds.${at}.starts`, from],
      [`rounds.${at}.ends`, to],
    ]),
  ] as const
  for (const [name, text] of times)
    if (text !== undefined && Number.isNaN(Date.parse(text)))
      return `${name}: there is no such time as ${text}`
  if (starts !== undefined && ends !== undefined && Date.parse(ends) <= Date.parse(starts))
    return `ends: ${ends} is not after ${starts}, when it starts`
  const late = rounds.findIndex((round) => Date.parse(round.ends) <= Date.parse(round.starts))
  if (late >= 0) return `rounds.${late}.ends: is not after its beginning`
  if (streams.length === 0) return 'streams: is empty; name at least one, such as [{ stream: main }]'
  const twice = streams.findIndex(
    ({ stream }, at) => streams.findIndex((each) => each.stream === stream) < at,
  )
  if (twice >= 0) return `streams.${twice}.stream: ${streams[twice]!.stream} is named twice`
  return stepsProblem(steps)
}
