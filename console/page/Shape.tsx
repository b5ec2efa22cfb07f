import type { Health } from '../api.ts'

/** Health by form as well as by colour: circle, diamond, triangle, square. */
const FORMS: Readonly<Record<Health | 'unknown', string>> = {
  well: 'M16 9a7 7 0 1 0 0 14a7 7 0 1 0 0-14z',
  strained: 'M16 5L27 16L16 27L5 16z',
  affected: 'M4 7H28L16 28z',
  sick: 'M16 3L30 28H2z',
  silent: 'M6 6H26V26H6z',
  absent: 'M16 9a7 7 0 1 0 0 14a7 7 0 1 0 0-14z',
  unknown: 'M16 6a10 10 0 1 0 0 20a10 10 0 1 0 0-20z',
}

/** A symbol that tells a state by its form too, not by colour alone. */
export function Shape({
  health,
  size = 32,
}: {
  readonly health: Health | 'unknown'
  readonly size?: number
}) {
  return (
    <svg class={`shape ${health}`} viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path d={FORMS[health]} />
      {health === 'sick' && <path class="mark" d="M16 12v8M16 23.5v.5" />}
      {health === 'affected' && <path class="mark" d="M16 10.5v7M16 20.5v.5" />}
      {health === 'silent' && <path class="mark" d="M11 16h10" />}
      {health === 'unknown' && <path class="mark" d="M13 13a3 3 0 1 1 3 4v1.5M16 21.5v.5" />}
    </svg>
  )
}
