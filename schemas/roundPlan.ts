import { type Static, Type } from '@sinclair/typebox'

const name = (description: string) => Type.String({ minLength: 1, maxLength: 128, description })
/** A time of a calendar, as text. */
export const TIME_PATTERN = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d.*(Z|[+-]\\d\\d:?\\d\\d)$'
export const TIME_FORM = 'a time with its zone, like 2026-11-11T20:00:00Z'

const time = (description: string) => Type.String({ pattern: TIME_PATTERN, form: TIME_FORM, description })

/** A round of the show's calendar. */
export const PlannedRound = Type.Object(
  {
    round: name('The round’s name, as cues and interactions say it.'),
    starts: time('When it begins, ISO 8601.'),
    ends: time('When it ends, ISO 8601.'),
    audience: Type.Union([Type.Literal('public'), Type.Literal('private')], {
      description: 'public: the show’s own, for everybody; private: of one app or one host’s room.',
    }),
    app: Type.Optional(name('Of a private round: the app it runs in. Default: all.')),
  },
  { additionalProperties: false },
)
export type PlannedRound = Static<typeof PlannedRound>

/** Rounds this close to each other compete for the same seconds of attention, and of the gateway. */
const MARGIN_MS = 5_000

const minute = (text: string): string => new Date(text).toISOString().slice(11, 19)

/**
 * What is wrong with a calendar, a sentence each: a round that ends before it begins, and a private round that overlaps a public
 * one (within 5 s), by which viewers miss one of them and the gateway gets both.
 */
export function roundWarnings(rounds: readonly PlannedRound[]): string[] {
  const timed = rounds.map((round) => ({
    ...round,
    from_ms: Date.parse(round.starts),
    to_ms: Date.parse(round.ends),
  }))
  const upright = timed.filter(({ from_ms, to_ms }) => to_ms > from_ms)
  const open = upright.filter(({ audience }) => audience === 'public')
  return [
    ...timed
      .filter((round) => !upright.includes(round))
      .map(({ round }) => `round ${round} ends before it begins, or its times cannot be read`),
    ...upright
      .filter(({ audience }) => audience === 'private')
      .flatMap((own) =>
        open
          .filter(({ from_ms, to_ms }) => own.from_ms < to_ms + MARGIN_MS && from_ms < own.to_ms + MARGIN_MS)
          .map(
            (other) =>
              `the private round ${own.round}${own.app === undefined ? '' : ` of ${own.app}`} (${minute(own.starts)}–${minute(own.ends)} UTC) overlaps the public round ${other.round} (${minute(other.starts)}–${minute(other.ends)}): move one of them`,
          ),
      ),
  ]
}
