import { useState } from 'preact/hooks'
import type { IncidentGroup } from '../incidentGroups.ts'
import { IncidentCard, IncidentRow } from './IncidentCard.tsx'
import { usePlace } from './place.ts'

/** Rows that stand under the first incident before "8 more". */
const ROWS = 3

/** Incidents by cause: the one that harms most in full, the others as rows, and how many more there are. */
export function IncidentList({
  groups,
  now_ms,
  watching,
  show,
}: {
  readonly groups: readonly IncidentGroup[]
  readonly now_ms: number
  readonly watching: (group: IncidentGroup) => number | undefined
  readonly show?: string
}) {
  const { words } = usePlace()
  const [all, showAll] = useState(false)
  const [first, ...others] = groups
  if (first === undefined) return null
  const open = groups.filter((group) => group.open).length
  const rows = all ? others : others.slice(0, ROWS)
  const hidden = others.length - rows.length
  // What is over is a row: nothing of it is to be done now.
  const full = first.open
  const shown = full ? rows : [first, ...rows]
  const names = groups.map(({ lead }) => lead.stream)
  const broken = new Set(groups.filter((group) => group.open).map(({ lead }) => lead.hop))
  return (
    <section class="incidents" aria-label={words.incidents(open)} aria-live="polite">
      {full && <IncidentCard group={first} watching={watching(first)} {...{ now_ms, show, broken, names }} />}
      {shown.length > 0 && (
        <ol class="panel incident-rows">
          {shown.map((group) => (
            <IncidentRow
              key={group.key}
              group={group}
              watching={watching(group)}
              {...{ now_ms, show, names }}
            />
          ))}
          {(hidden > 0 || all) && (
            <li class="more">
              <button type="button" onClick={() => showAll(!all)}>
                {all ? words.fewer : words.more_incidents(hidden)}
              </button>
            </li>
          )}
        </ol>
      )}
    </section>
  )
}
