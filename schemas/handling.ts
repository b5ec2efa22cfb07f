import { type Static, Type } from '@sinclair/typebox'

const name = (description: string) => Type.String({ maxLength: 128, description })

/** Who handles an incident, as it is kept in the compacted topic of incidents under `handling/INCIDENT`. */
export const Handling = Type.Object(
  {
    incident: name('Id of the incident.'),
    tenant: name('Whose.'),
    owner: Type.Optional(name('Who has it; left out: nobody has it.')),
    since_ms: Type.Optional(
      Type.Number({ minimum: 0, description: 'When the owner took it, ms since the epoch.' }),
    ),
    note: Type.Optional(Type.String({ maxLength: 500, description: 'What the next reader should know.' })),
    by: Type.Optional(name('Who wrote this last.')),
    at_ms: Type.Number({ minimum: 0, description: 'When it was written last, ms since the epoch.' }),
  },
  { additionalProperties: false },
)
export type Handling = Static<typeof Handling>

/** Its key in the compacted topic. */
export const handlingKey = (incident: string): string => `handling/${incident}`
