import type { ShowPlan, WalkedCheck } from '../../schemas/showPlan.ts'
import type { Snapshot } from '../api.ts'
import { timeOf } from './amount.ts'
import { PlanStep, StepButtons } from './PlanStep.tsx'
import { usePlace } from './place.ts'
import { useFetch } from './useLive.ts'

const AGAIN_MS = 3_000

/** The contingency plan of a show: its checks, the level that acts on each open incident, each with buttons that tick it, and its score. */
export function PlanPanel({ snapshot }: { readonly snapshot: Snapshot }) {
  const { words, lang, href } = usePlace()
  const { show, tenant, at_ms, live } = snapshot
  const query = new URLSearchParams({ tenant, ...(live ? {} : { to: String(at_ms) }) })
  const path = `/api/plan/${encodeURIComponent(show)}`
  const { data } = useFetch<ShowPlan>(`${path}?${query}`, live ? AGAIN_MS : undefined)
  if (data === undefined || data.checks.length + data.incidents.length === 0) return null
  const { checks, incidents, score } = data
  const open = incidents.filter((incident) => incident.open)
  return (
    <section class="panel contingency" aria-label={words.plan}>
      <h2>
        {words.plan}{' '}
        <span class="muted">
          {words.plan_score(
            `${score.checks_done}/${score.checks}`,
            `${score.held}/${score.over}`,
            String(score.led_on),
          )}
        </span>
      </h2>
      <ul>
        {checks.map((check) => (
          <Check
            key={check.step}
            check={check}
            url={`${path}/${encodeURIComponent(check.step)}`}
            tenant={tenant}
          />
        ))}
        {open.map(({ id, summary_en, summary_zh, plan }) => (
          <li key={id}>
            <a href={href(`/incident/${id}`)}>{lang === 'zh' ? summary_zh : summary_en}</a>
            {plan.steps
              .filter(({ state }) => state !== 'waiting' && state !== 'spared')
              .map((step) => (
                <div key={step.level}>
                  {words.acts[step.level]}
                  {step.does && `: ${step.does}`}
                  <PlanStep id={id} open step={step} />
                </div>
              ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** One check: what is done, where it stands, and the buttons that tick it. */
function Check({
  check: { does, who, state, due_ms, at_ms, by },
  url,
  tenant,
}: {
  readonly check: WalkedCheck
  readonly url: string
  readonly tenant: string
}) {
  const { words, lang } = usePlace()
  const time = (ms: number) => timeOf(ms, lang, Date.now())
  const tone = state === 'late' || state === 'missed' ? 'failed' : state
  return (
    <li>
      {does}
      <span class={`step ${tone}`}>
        {' '}
        <b>{words.checks[state]}</b>{' '}
        <span class="muted">
          {[
            at_ms === undefined ? (due_ms === undefined ? '' : words.check_due(time(due_ms))) : time(at_ms),
            by ?? who,
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <StepButtons url={`${url}?tenant=${encodeURIComponent(tenant)}`} state={state} />
      </span>
    </li>
  )
}
