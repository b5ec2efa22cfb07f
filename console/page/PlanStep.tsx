import { useState } from 'preact/hooks'
import type { WalkedStep } from '../../schemas/planWalk.ts'
import { lengthOf } from './amount.ts'
import { usePlace } from './place.ts'
import { sendChange } from './sendChange.ts'
import { mayChange, nameHere, useMe } from './useMe.ts'

/** Where one level of an incident's plan has got to, and the two buttons that tick it while it acts. */
export function PlanStep({
  id,
  open,
  step,
}: {
  /** The incident's. */
  readonly id: string
  readonly open: boolean
  readonly step: WalkedStep | undefined
}) {
  const { words, lang, query } = usePlace()
  if (step === undefined) return null
  const { level, state, took_s, within_s, by } = step
  const tenant = query.get('tenant')
  const scope = tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`
  const time = took_s === undefined ? '' : lengthOf(took_s * 1000, lang)
  return (
    <span class={`step ${state}`}>
      {' '}
      <b>{words.steps[state]}</b>{' '}
      <span class="muted">
        {[time, words.step_within(lengthOf(within_s * 1000, lang)), by].filter(Boolean).join(' · ')}
      </span>
      {open && (state === 'acting' || state === 'done') && (
        <StepButtons url={`/api/incidents/${encodeURIComponent(id)}/steps/${level}${scope}`} state={state} />
      )}
    </span>
  )
}

/** Done and failed: each sends a tick. */
export function StepButtons({ url, state }: { readonly url: string; readonly state: string }) {
  const { words } = usePlace()
  const me = useMe()
  const [problem, explain] = useState<string>()
  const tick = async (next: 'done' | 'failed') => {
    const by = (me?.how === 'local' ? nameHere() : me?.name) || undefined
    const wrong = await sendChange('PUT', url, { state: next, by })
    explain(wrong === undefined ? undefined : words.not_done(wrong))
  }
  return (
    <>
      {(['done', 'failed'] as const).map((next) => (
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
    </>
  )
}
