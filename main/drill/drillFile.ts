import { type Static, Type } from '@sinclair/typebox'
import { parse } from 'yaml'
import { HOPS } from '../../schemas/kinds/kinds.ts'
import { schemaProblems } from '../../schemas/problems.ts'
import { expectedError } from '../expectedError.ts'

const positive = (description: string) => Type.Number({ exclusiveMinimum: 0, description })

/** A drill of a room: what is asked of which part of it, and in which steps the load grows. */
export const Drill = Type.Object(
  {
    title: Type.String({ minLength: 1 }),
    show: Type.Optional(
      Type.String({ minLength: 1, description: 'Whose traffic it is marked as. Default: drill.' }),
    ),
    steps: Type.Object(
      {
        from_per_s: positive('Requests a second of all targets in the first step.'),
        to_per_s: positive('The load never exceeds this.'),
        times: Type.Optional(
          Type.Number({
            exclusiveMinimum: 1,
            maximum: 100,
            description: 'From one step to the next. Default 2.',
          }),
        ),
        for_s: Type.Optional(
          Type.Integer({ minimum: 2, maximum: 600, description: 'Seconds of a step. Default 10.' }),
        ),
      },
      { additionalProperties: false },
    ),
    targets: Type.Array(
      Type.Object(
        {
          name: Type.String({
            pattern: '^[a-z][a-z0-9_-]{0,31}$',
            description: 'Lower-case letters, digits, - and _.',
          }),
          hop: Type.Union(
            HOPS.map((hop) => Type.Literal(hop)),
            { description: 'The part of the link that answers.' },
          ),
          url: Type.String({
            pattern: '^https?://',
            description: 'http(s)://…; {id} becomes another text each time.',
          }),
          share: Type.Optional(positive('Of the load, beside the other shares. Default 1.')),
          method: Type.Optional(
            Type.String({ pattern: '^[A-Z]+$', description: 'Default GET, with a body POST.' }),
          ),
          body: Type.Optional(
            Type.String({ description: 'Sent as JSON; {id} becomes another text each time.' }),
          ),
          headers: Type.Optional(Type.Record(Type.String(), Type.String())),
          stream: Type.Optional(
            Type.Boolean({ description: 'An HLS playlist: its newest segment is fetched, too.' }),
          ),
          p95_ms: Type.Optional(positive('It bends when 5 % of the answers take longer. Default 500.')),
          failed: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: 'It bends when a larger share fails. Default 0.01.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 32 },
    ),
  },
  { additionalProperties: false },
)

export type Drill = Static<typeof Drill>
export type DrillTarget = Drill['targets'][number]

/** Reads a drill's YAML. Throws an error in lines that a person can mend. */
export function readDrill(text: string, file: string): Drill {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw expectedError(`${file}: ${(error as Error).message}`)
  }
  const problems = schemaProblems(Drill, value).map(
    ({ path, message }) => `${path.slice(1).replaceAll('/', '.') || 'drill'}: ${message}`,
  )
  if (problems.length > 0) throw expectedError(problems.map((problem) => `${file}: ${problem}`).join('\n'))
  const drill = value as Drill
  const names = drill.targets.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw expectedError(`${file}: two targets are called ${twice}`)
  if (drill.steps.to_per_s < drill.steps.from_per_s)
    throw expectedError(`${file}: steps.to_per_s is less than steps.from_per_s`)
  return drill
}

/** The loads of the steps, requests a second of all targets together. */
export function loadsOf({ steps }: Drill): number[] {
  const { from_per_s, to_per_s, times = 2 } = steps
  const loads: number[] = []
  for (let load = from_per_s; load < to_per_s; load *= times) loads.push(load)
  return [...loads, to_per_s]
}
