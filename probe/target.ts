import { type Static, Type } from '@sinclair/typebox'
import { PROBE_LIMITS } from '../schemas/probeReasons.ts'
import { duplicateProblems, type Problem, schemaProblems } from '../schemas/problems.ts'
import { NotCheckable, protocolOf } from './check.ts'

const Limits = Type.Partial(
  Type.Object(Object.fromEntries(Object.keys(PROBE_LIMITS).map((name) => [name, Type.Number()]))),
)

/** One entry of the configuration's `probes`. */
export const Target = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'What it is called on boards and in alerts.',
    }),
    url: Type.String({ description: 'http(s)://….m3u8 | .mpd | .flv, rtmp(s)://…' }),
    show: Type.Optional(Type.String()),
    stream: Type.Optional(
      Type.String({ description: 'Meets the facts of players and encoders of this stream.' }),
    ),
    cdn: Type.Optional(Type.String()),
    edge: Type.Optional(Type.String()),
    hop: Type.Optional(Type.Union([Type.Literal('ingest'), Type.Literal('origin'), Type.Literal('edge')])),
    every_s: Type.Optional(
      Type.Number({ minimum: 2, default: 20, description: 'From one check to the next.' }),
    ),
    duration_s: Type.Optional(Type.Number({ minimum: 1, maximum: 60 })),
    declared_kbps: Type.Optional(Type.Number({ minimum: 1 })),
    variant: Type.Optional(
      Type.Union([Type.Literal('first'), Type.Literal('highest'), Type.Literal('lowest')]),
    ),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    browser: Type.Optional(Type.Boolean({ description: 'Decode it in a real browser, too.' })),
    logo: Type.Optional(
      Type.Object(
        {
          x: Type.Number({ minimum: 0, maximum: 1 }),
          y: Type.Number({ minimum: 0, maximum: 1 }),
          width: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
          height: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
          file: Type.String({ description: 'A picture of that place, cut out of a frame: PNG or JPEG.' }),
        },
        {
          additionalProperties: false,
          description: 'A logo that must be there, with `browser`: its place in shares of the picture.',
        },
      ),
    ),
    limits: Type.Optional(Limits),
  },
  { additionalProperties: false },
)

export type Target = Static<typeof Target>

/** Reads the configuration's `probes`. Each problem has its place, e.g. `/probes/0/url`. */
export function readTargets(entries: readonly unknown[]): { targets: Target[]; problems: Problem[] } {
  const targets: Target[] = []
  const problems = duplicateProblems(entries, 'name', '/probes')
  for (const [index, entry] of entries.entries()) {
    const path = `/probes/${index}`
    const wrong = schemaProblems(Target, entry, path)
    problems.push(...wrong)
    if (wrong.length > 0) continue
    const target = entry as Target
    try {
      protocolOf(target.url)
    } catch (error) {
      if (!(error instanceof NotCheckable)) throw error
      problems.push({ path: `${path}/url`, message: error.message })
      continue
    }
    targets.push(target)
  }
  return { targets, problems }
}
