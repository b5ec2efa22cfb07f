import type { IncidentView } from '../../schemas/incident.ts'
import { lengthOf, share, timeOf, whole } from './amount.ts'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'

/** A runbook of this console stands at this console, whatever name others reach it by. */
export const runbookPath = (runbook: string): string =>
  runbook.replace(/^https?:\/\/[^/]+(?=\/runbooks\/)/, '')

/** An incident as a colleague would say it. */
export function IncidentCard({
  incident,
  now_ms,
  full = false,
  several = false,
}: {
  readonly incident: IncidentView
  readonly now_ms: number
  readonly full?: boolean
  /** Say the stream: there are several. */
  readonly several?: boolean
}) {
  const { words, lang, href, query } = usePlace()
  const open = incident.state === 'open'
  const said = lang === 'zh' ? incident.summary_zh : incident.summary_en
  // The number of viewers ends the sentence; it stands below with the times.
  const summary = said.split(' · ')[0]
  const { clean, runbook } = incident.evidence
  const time = (ms: number) => timeOf(ms, lang, now_ms)
  const level = !open ? 'over' : incident.severity === 'critical' ? 'sick' : 'strained'
  const facts = [
    several && incident.stream !== '' ? `${words.stream} ${incident.stream}` : '',
    incident.viewers > 0 ? words.viewers(whole(incident.viewers)) : '',
    words.since(time(incident.began_ms)),
    level === 'over' && !full ? '' : words.found(time(incident.opened_ms)),
    open
      ? ''
      : words.over(time(incident.resolved_ms), lengthOf(incident.resolved_ms - incident.began_ms, lang)),
  ].filter((fact) => fact !== '')
  const joined = clean.map((hop) => words.hops[hop]).join(lang === 'zh' ? '、' : ', ')
  const { todo } = incident
  const Title = full ? 'h1' : 'h2'
  return (
    <article class={`panel incident ${level}`} id={incident.id}>
      <Shape health={level === 'over' ? 'well' : level} />
      <div>
        <Title>
          {full ? (
            summary
          ) : (
            <a href={href(`/incident/${incident.id}`, { at: query.get('at') ?? undefined })}>{summary}</a>
          )}
        </Title>
        <p class="facts">
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
        {open && todo !== undefined && !full && (
          <p class="act">
            <b>{words.act}</b> <span lang="en">{todo.manual}</span>
          </p>
        )}
        {/* What is over is kept short: its page has the rest. */}
        {(open || full) && (
          <p class="facts muted">
            {incident.explains > 0 && (
              <span>{words.explains(share(incident.explains), share(incident.confidence))}</span>
            )}
            {joined !== '' && <span>{words.clean(joined)}</span>}
            {runbook !== '' && (
              <a href={runbookPath(runbook)} rel="noreferrer">
                {words.runbook}
              </a>
            )}
            {!full && <a href={href(`/incident/${incident.id}`)}>{words.evidence}</a>}
            <a href={href(`/incident/${incident.id}#sessions`)}>{words.sessions}</a>
          </p>
        )}
      </div>
    </article>
  )
}
