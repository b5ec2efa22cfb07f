import { useState } from 'preact/hooks'
import type { IncidentView } from '../../schemas/incident.ts'
import { lengthOf, timeOf } from './amount.ts'
import { usePlace } from './place.ts'
import { sendChange } from './sendChange.ts'
import { keepName, nameHere, useMe } from './useMe.ts'

const MINUTES = [15, 30, 60, 240] as const

type Kind = 'silence' | 'maintenance'

/** What is announced for an incident: a silence is for incidents like it, a maintenance for its stream. */
export function planOf(
  kind: Kind,
  incident: Pick<IncidentView, 'tenant' | 'show' | 'stream' | 'rule' | 'hop' | 'cause'>,
  { from_ms, minutes, by, reason }: { from_ms: number; minutes: number; by: string; reason: string },
) {
  const { tenant, show, stream, rule, hop, cause } = incident
  return {
    type: kind,
    match: { tenant, show, stream: stream || undefined },
    ...(kind === 'silence' ? { rule, hop, cause: Object.keys(cause).length > 0 ? cause : undefined } : {}),
    from_ms,
    to_ms: from_ms + minutes * 60_000,
    by: by || undefined,
    reason: reason || undefined,
  }
}

/** Announces a silence or a maintenance from an incident's page. */
export function Handling({ incident }: { readonly incident: IncidentView }) {
  const { words } = usePlace()
  const [open, show] = useState<Kind>()
  return (
    <>
      {(['silence', 'maintenance'] as const).map((kind) => (
        <button
          key={kind}
          type="button"
          class="button"
          aria-expanded={open === kind}
          onClick={() => show(open === kind ? undefined : kind)}
        >
          {words[kind]}
        </button>
      ))}
      {open !== undefined && <PlanForm key={open} kind={open} incident={incident} />}
    </>
  )
}

function PlanForm({ kind, incident }: { readonly kind: Kind; readonly incident: IncidentView }) {
  const { words, lang } = usePlace()
  const [minutes, last] = useState<number>(30)
  const [by, sign] = useState(nameHere)
  const [reason, explain] = useState('')
  const [result, tell] = useState('')
  const me = useMe()
  const announce = async () => {
    const from_ms = Date.now()
    const plan = planOf(kind, incident, { from_ms, minutes, by, reason })
    keepName(by)
    const wrong = await sendChange('PUT', `/api/planned/${kind}-${incident.id}-${from_ms.toString(36)}`, plan)
    tell(wrong === undefined ? words.announced(timeOf(plan.to_ms, lang, from_ms)) : words.not_done(wrong))
  }
  return (
    <form
      class="panel plan"
      onSubmit={(event) => {
        event.preventDefault()
        void announce()
      }}
    >
      <p>{kind === 'silence' ? words.silence_about : words.maintenance_about}</p>
      <label>
        {words.for_time}
        <select value={minutes} onChange={(event) => last(Number(event.currentTarget.value))}>
          {MINUTES.map((each) => (
            <option key={each} value={each}>
              {lengthOf(each * 60_000, lang)}
            </option>
          ))}
        </select>
      </label>
      {me?.how === 'local' && (
        <label>
          {words.by}
          <input value={by} maxLength={128} onInput={(event) => sign(event.currentTarget.value)} />
        </label>
      )}
      <label>
        {words.reason}
        <input value={reason} maxLength={500} onInput={(event) => explain(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button">
        {words.announce}
      </button>
      <p role="status">{result}</p>
    </form>
  )
}
