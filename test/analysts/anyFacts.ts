import type { FieldSpec } from '../../schemas/field.ts'
import { isNumeric, rangeOf } from '../../schemas/field.ts'
import { KIND_NAMES, KINDS, type Kind } from '../../schemas/kinds/kinds.ts'

/** A repeatable source of numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface FactsOptions {
  readonly tenant: string
  readonly show: string
  readonly from_ms: number
  readonly to_ms: number
  readonly rows: number
}

/**
 * Rows of every kind with values in every field, inside one time, both clocks equal, so that whatever reads that time by either clock reads
 * the same rows: real and synthetic ones, weights, several apps, CDNs, operators, regions. Numbers are whole quarters: sums are exact.
 */
export function anyFacts({
  tenant,
  show,
  from_ms,
  to_ms,
  rows,
}: FactsOptions): ReadonlyMap<Kind, readonly Record<string, unknown>[]> {
  const next = random(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const value = (name: string, field: FieldSpec): unknown => {
    if (field.values) return pick(field.values)
    if (field.type === 'flag') return next() < 0.5
    if (!isNumeric(field)) return pick(['', `${name}-1`, `${name}-2`])
    const { min, max } = rangeOf(field)
    const [least, most] = [Math.ceil(Math.max(min, -5_000)), Math.floor(Math.min(max, 5_000))]
    const whole = least + Math.floor(next() * (most - least + 1))
    return field.type.startsWith('f') ? Math.min(whole + 0.25, most) : whole
  }
  const facts = new Map<Kind, Record<string, unknown>[]>()
  for (const kind of KIND_NAMES) {
    facts.set(
      kind,
      Array.from({ length: rows }, (_, seq) => {
        const time = from_ms + Math.floor(next() * (to_ms - from_ms))
        const own = Object.entries(KINDS[kind].fields as Record<string, FieldSpec>)
          .filter(([, field]) => field.required || next() < 0.8)
          .map(([name, field]) => [name, value(name, field)])
        return {
          ...Object.fromEntries(own),
          tenant,
          show,
          stream: pick(['one', 'two']),
          session: `session-${Math.floor(next() * 40)}`,
          viewer: `viewer-${Math.floor(next() * 30)}`,
          seq: seq + 1,
          app: pick(['shop', 'video', 'news']),
          cdn: pick(['cdn-a', 'cdn-b']),
          isp: pick(['isp-x', 'isp-y']),
          region: pick(['north', 'south']),
          codec: pick(['h264', 'h265']),
          source: 'sdk',
          weight: pick([1, 1, 2.5]),
          synthetic: next() < 0.2,
          received_time: time,
          event_time: time,
        }
      }),
    )
  }
  return facts
}
