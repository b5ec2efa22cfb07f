import type { FieldSpec } from '../../schemas/field.ts'
import { KIND_NAMES, KINDS, type Kind } from '../../schemas/kinds/kinds.ts'

type Values = Readonly<Record<string, unknown>>

const SLACK_s = 1.5
/** Intervals are measured by the sender, and roughly. */
const SHARE = 1.25

interface Bound {
  readonly name: string
  readonly per_s: number
}

const BOUNDS = new Map<Kind, readonly Bound[]>(
  KIND_NAMES.map((kind) => [
    kind,
    Object.entries<FieldSpec>(KINDS[kind].fields).flatMap(([name, { believed_per_s }]) =>
      believed_per_s === undefined ? [] : [{ name, per_s: believed_per_s }],
    ),
  ]),
)

const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** The time that an event claims, however short it calls its interval, ms. */
export function claimed_ms(event: Values): number {
  const spent_ms =
    numberIn(event.played_ms) +
    numberIn(event.stalled_ms) +
    numberIn(event.paused_ms) +
    numberIn(event.seeking_ms)
  return Math.max(spent_ms, numberIn(event.interval_ms))
}

/** Whether what an event counts and spends (`claimed_ms`) fits into its interval. */
export function isBelievable(kind: Kind, event: Values, claimed: number): boolean {
  const most_s = (numberIn(event.interval_ms) / 1000) * SHARE + SLACK_s
  if (claimed > most_s * 1000) return false
  const bounds = BOUNDS.get(kind)!
  for (let at = 0; at < bounds.length; at += 1) {
    const { name, per_s } = bounds[at]!
    if (numberIn(event[name]) > per_s * most_s) return false
  }
  return true
}
