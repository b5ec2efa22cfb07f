import { useState } from 'preact/hooks'
import type { IncidentView } from '../../schemas/incident.ts'
import type { ActingLevel } from '../../schemas/planWalk.ts'
import { lengthOf } from './amount.ts'
import { usePlace } from './place.ts'
import { sendChange } from './sendChange.ts'
import { mayChange, nameHere, useMe } from './useMe.ts'

/** Where one level of the plan has got to, and the two buttons that tick it while it acts. */
export function PlanStep({
  incident,
  level,
}: {
  readonly incident: IncidentView
  readonly level: ActingLevel
}) {
  const { words, lang, query } = usePlace()
  const me = useMe()
  const [problem, explain] = useState<string>()
  const step = incident.plan?.steps.find((each) => each.level === level)
  if (step === undefined) return null
  const { state, took_s, within_s, by } = step
  const tenant = query.get('tenant')
  const scope = tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`
  const tick = async (next: 'done' | 'failed') => {
    const url = `/api/incidents/${encodeURIComponent(incident.id)}/steps/${level}${scope}`
    const wrong = await sendChange('PUT', url, {
      state: next,
      by: (me?.how === 'local' ? nameHere() : me?.name) || undefined,
    })
    explain(wrong === undefined ? undefined : words.not_done(wrong))
  }
  const time = took_s === undefined ? '' : lengthOf(took_s * 1000, lang)
  return (
    <span class={`step ${state}`}>
      {' '}
      <b>{words.steps[state]}</b>{' '}
      <span class="muted">
        {[time, words.step_within(lengthOf(within_s * 1000, lang)), by].filter(Boolean).join(' · ')}
      </span>
      {incident.state === 'open' &&
        (state === 'acting' || state === 'done') &&
        (['done', 'failed'] as const).map((next) => (
          <button
            key={next}
            type="button"
            class="button"
            disabled={!mayChange(me) || state === next}
            onClick={() => void tick(next)}
          >
            {words.steps[next]}
          </button>
        ))}
      {problem !== undefined && <span role="status">{problem}</span>}
    </span>
  )
}
