import type { FieldSpec } from '../../schemas/field.ts'
import { KIND_NAMES, KINDS, type Kind } from '../../schemas/kinds/kinds.ts'

type Values = Readonly<Record<string, unknown>>

const SLACK_s = 1.5
/** Intervals are measured by the sender, and roughly. */
const SHARE = 1.25
const SPENT = ['played_ms', 'stalled_ms', 'paused_ms', 'seeking_ms'] as const

const BOUNDS = new Map<Kind, readonly (readonly [string, number])[]>(
  KIND_NAMES.map((kind) => [
    kind,
    Object.entries<FieldSpec>(KINDS[kind].fields).flatMap(([name, { believed_per_s }]) =>
      believed_per_s === undefined ? [] : [[name, believed_per_s] as const],
    ),
  ]),
)

const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** The time that an event claims, however short it calls its interval, ms. */
export function claimed_ms(event: Values): number {
  let spent_ms = 0
  for (const name of SPENT) spent_ms += numberIn(event[name])
  return Math.max(spent_ms, numberIn(event.interval_ms))
}

/** Whether what an event counts and spends fits into its interval. */
export function isBelievable(kind: Kind, event: Values): boolean {
  const most_s = (numberIn(event.interval_ms) / 1000) * SHARE + SLACK_s
  if (claimed_ms(event) > most_s * 1000) return false
  for (const [name, per_s] of BOUNDS.get(kind) ?? []) if (numberIn(event[name]) > per_s * most_s) return false
  return true
}
