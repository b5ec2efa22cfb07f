import { type Static, type TProperties, Type } from '@sinclair/typebox'
import { HOPS } from '../schemas/kinds/kinds.ts'
import { FAULT_KINDS } from './faultKinds.ts'

const object = <T extends TProperties>(properties: T, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })
const optional = Type.Optional
const seconds = (description: string) => Type.Number({ minimum: 0, description })
const positive = (description: string) => Type.Number({ exclusiveMinimum: 0, description })
const shares = (description: string) =>
  Type.Record(Type.String({ minLength: 1 }), Type.Number({ minimum: 0 }), { description, minProperties: 1 })
const hop = (description: string) =>
  Type.Union(
    HOPS.map((each) => Type.Literal(each)),
    { description },
  )
const names = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description, minItems: 1 })
const place = Type.Record(Type.String(), Type.String(), {
  description:
    'Dimension values that are affected together, e.g. { cdn: cdn-b, region: Guangdong }; {} is everywhere.',
})

const Audience = object(
  {
    viewers: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'Watching at the height of the show.',
    }),
    join_s: optional(seconds('The audience comes within this time from the start. Default 30.')),
    leave_s: optional(seconds('The audience leaves within this time before the end. Default 0: it stays.')),
    stay_s: optional(
      positive('Mean time a viewer stays before somebody else comes in his place. Default 600.'),
    ),
    apps: optional(shares('Apps the show is seen in, with their share of the audience.')),
    pulses: optional(
      Type.Array(
        object(
          {
            at_s: seconds('When the round begins, seconds from the start.'),
            for_s: positive('How long it lasts.'),
            interactions: optional(
              positive('Interactions a second of each viewer during the round. Default 0.3.'),
            ),
            joins: optional(
              seconds('So many more viewers come for it, as a share of the audience. Default 0.1.'),
            ),
            drains: optional(
              Type.Number({
                minimum: 0,
                maximum: 1,
                description: 'Share of each stock that the round uses up. Default 0.1.',
              }),
            ),
            rewards: optional(
              Type.Integer({
                minimum: 1,
                maximum: 100_000,
                description: 'Coupons in its box, booked in the ledger as they are given. Default: no box.',
              }),
            ),
            round: optional(Type.String({ description: 'Name of the round.' })),
            every_s: optional(positive('Repeat every so many seconds until the end.')),
          },
          'A planned interactive round.',
        ),
      ),
    ),
    interactions: optional(
      Type.Number({
        minimum: 0,
        description: 'Interactions a second of each viewer between rounds. Default 0.02.',
      }),
    ),
  },
  'Who watches, and when.',
)

const Topology = object(
  {
    encoders: optional(names('Encoders; each reports every second.')),
    ingests: optional(names('Media servers that take the stream in.')),
    transcodes: optional(names('Transcoders.')),
    origins: optional(names('Origins.')),
    cdns: optional(shares('CDNs, with their share of the viewers.')),
    regions: optional(
      shares('Regions, with their share of the viewers. Each CDN has one edge in each region.'),
    ),
    isps: optional(shares('Network operators.')),
    devices: optional(shares('Devices.')),
    renditions: optional(shares('Renditions.')),
    player_versions: optional(shares('Versions of the player.')),
    networks: optional(shares('Kinds of access.')),
    resources: optional(
      Type.Array(
        object(
          {
            resource: Type.String({ description: 'prize_pool, gateway, …' }),
            node: optional(Type.String({ description: 'Which one, if there are several.' })),
            sense: Type.Union([Type.Literal('stock'), Type.Literal('load')], {
              description: 'A stock must not reach 0; a load must not reach its capacity.',
            }),
            capacity: optional(positive('Stock: what it was filled with. Default 1,000,000.')),
          },
          'A level that is reported every second.',
        ),
      ),
    ),
    probe_regions: optional(
      Type.Array(Type.String(), {
        description: 'Where probes look from; [] for none. Default: the first three regions.',
      }),
    ),
    silent: optional(
      Type.Array(
        Type.Union(['encoder', 'ingest', 'transcode', 'origin', 'edge'].map((hop) => Type.Literal(hop))),
        { description: 'Hops that report nothing: nobody installed anything there.' },
      ),
    ),
  },
  'What the link is made of. Everything has a default, so a scenario names only what matters to it.',
)

const Fault = object(
  {
    id: optional(Type.String({ description: 'Named by `expect`. Default: its kind.' })),
    kind: Type.Union(
      FAULT_KINDS.map((kind) => Type.Literal(kind)),
      { description: 'What breaks.' },
    ),
    at_s: seconds('When it begins, seconds from the start.'),
    for_s: positive('How long it lasts.'),
    severity: optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'How bad: 1 is all of it. Default 0.8.' }),
    ),
    place: optional(place),
  },
  'Something that breaks.',
)

const Expect = object(
  {
    fault: Type.String({ description: 'The fault it comes from, by its id.' }),
    hop: optional(hop('The hop to be named.')),
    also_hops: optional(Type.Array(hop('A hop.'), { description: 'Hops that are right as well.' })),
    cause: optional(place),
    page: optional(Type.Boolean({ description: 'Whether somebody is to be paged. Default true.' })),
    within_s: optional(positive('Page at the latest so long after the first affected beacon. Default 5.')),
  },
  'The incident that ought to come of a fault. What is left out follows from the fault.',
)

const Step = object(
  {
    level: Type.Union(
      ['check', 'automatic', 'standby', 'manual'].map((level) => Type.Literal(level)),
      {
        description: 'check before the show, automatic switch, hot standby, manual action.',
      },
    ),
    who: Type.String({ description: 'Who does it.' }),
    does: Type.String({ description: 'What is done.' }),
    for: optional(
      Type.String({
        description: 'The fault it answers, by its id; without it the step is for the whole show.',
      }),
    ),
    within_s: optional(positive('How fast it must be done.')),
  },
  'One step of the contingency plan.',
)

/** A rehearsal: a show with its faults, what ought to be said about them, and the plan to walk through. */
export const Scenario = object(
  {
    title: Type.String({ minLength: 1, description: 'What is rehearsed.' }),
    about: optional(Type.String({ description: 'More words.' })),
    length_s: Type.Number({ minimum: 10, maximum: 172_800, description: 'How long the show lasts.' }),
    seed: optional(
      Type.Integer({ description: 'Chance is repeatable: the same seed gives the same show. Default 1.' }),
    ),
    show: optional(Type.String({ description: 'Name of the show. Default rehearsal.' })),
    stream: optional(Type.String({ description: 'Name of the stream. Default main.' })),
    audience: Audience,
    topology: optional(Topology),
    normal: optional(
      object(
        {
          stalls_per_minute: optional(seconds('Of each viewer. Default 0.04.')),
          unrest: optional(
            seconds(
              'How much stalls wander while nothing is wrong: 0 not at all, 1 like a real audience. Default 1.',
            ),
          ),
          first_screen_ms: optional(positive('Median. Default 620.')),
          live_latency_ms: optional(positive('Default 1800.')),
          app_latency_ms: optional(
            Type.Record(Type.String(), Type.Number(), { description: 'Added for viewers of an app.' }),
          ),
          fps: optional(positive('Default 30.')),
          key_frame_interval_ms: optional(positive('Default 2000.')),
          bitrate_kbps: optional(positive('Default 4000.')),
          start_failures: optional(seconds('Share of the attempts. Default 0.002.')),
          interaction_failures: optional(seconds('Share of the interactions. Default 0.001.')),
        },
        'What is normal on this show.',
      ),
    ),
    faults: optional(Type.Array(Fault)),
    breaks: optional(
      Type.Array(
        object(
          {
            at_s: seconds('When it begins.'),
            for_s: positive('How long it lasts.'),
            how: Type.Union([Type.Literal('goodbye'), Type.Literal('maintenance')], {
              description: 'The encoder ends in good order and comes back, or the operator announced it.',
            }),
          },
          'A planned break: pages nobody.',
        ),
      ),
    ),
    expect: optional(
      Type.Array(Expect, { description: 'Default: one page for each fault, with its own hop and place.' }),
    ),
    plan: optional(Type.Array(Step, { description: 'The contingency plan, in four levels.' })),
    rules: optional(
      Type.Unknown({ description: 'Overrides of rules for this rehearsal, as in the rules file.' }),
    ),
  },
  'A rehearsal of a live show.',
)

export type Scenario = Static<typeof Scenario>
export type Fault = Static<typeof Fault>
