import type { IncidentView } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import type { IncidentGroup } from '../incidentGroups.ts'
import { cutName, lengthOf, partOf, share, timeOf, whole } from './amount.ts'
import { excessOf, placeOf, ruledOut, seenOf, titleOfIncident } from './incidentText.ts'
import { type Place, usePlace } from './place.ts'
import { Shape } from './Shape.tsx'

/** A runbook of this console stands at this console, whatever name others reach it by. */
export const runbookPath = (runbook: string): string =>
  runbook.replace(/^https?:\/\/[^/]+(?=\/runbooks\/)/, '')

type Level = 'sick' | 'strained' | 'over'

const levelOf = ({ open, critical }: IncidentGroup): Level =>
  !open ? 'over' : critical ? 'sick' : 'strained'

/** Whom a group of incidents harms and since when, in the order in which one asks. */
function factsOf(
  group: IncidentGroup,
  { words, lang }: Place,
  { now_ms, watching, show, names }: Omit<GroupProps, 'group'>,
): string[] {
  const { lead, shows, streams, viewers } = group
  const end_ms = group.open ? now_ms : group.resolved_ms
  const part = partOf(viewers, watching)
  const stream = streams.length === 1 ? lead.stream : ''
  return [
    shows.length > 1
      ? words.n_shows(shows.length)
      : shows[0] !== undefined && shows[0] !== show
        ? cutName(shows[0])
        : '',
    streams.length > 1 ? words.n_streams(streams.length) : stream === '' ? '' : cutName(stream, names),
    viewers <= 0
      ? ''
      : part === undefined
        ? words.viewers(whole(viewers))
        : words.viewers_part(whole(viewers), part),
    lengthOf(end_ms - group.began_ms, lang),
    group.open
      ? words.since(timeOf(group.began_ms, lang, now_ms))
      : words.over(timeOf(group.resolved_ms, lang, now_ms)),
    group.reopened > 0 ? words.came_back(group.reopened) : '',
    group.open && lead.handling?.owner ? words.has_it(cutName(lead.handling.owner)) : '',
  ].filter((fact) => fact !== '')
}

interface GroupProps {
  readonly group: IncidentGroup
  readonly now_ms: number
  /** Who watches all of its shows now. */
  readonly watching: number | undefined
  /** The show that the page is about: it need not be named. */
  readonly show?: string | undefined
  /** Streams of the other incidents: a name that is cut must not look like theirs. */
  readonly names?: readonly string[]
}

/** The incident that counts most, in full: what, for whom, what to do, how sure. */
export function IncidentCard({
  group,
  now_ms,
  watching,
  show,
  names,
  full = false,
  broken = new Set(),
}: GroupProps & {
  readonly full?: boolean
  /** Hops that break by any incident: none of them is called ruled out beside its alarm. */
  readonly broken?: ReadonlySet<Hop>
}) {
  const place = usePlace()
  const { words, lang, href, query } = place
  const { lead } = group
  const level = levelOf(group)
  const { runbook } = seenOf(lead)
  const joined = ruledOut(lead)
    .filter((hop) => !broken.has(hop))
    .map((hop) => words.hops[hop])
    .join(lang === 'zh' ? '、' : ', ')
  const { todo } = lead
  const Title = full ? 'h1' : 'h2'
  const at = query.get('at') ?? undefined
  return (
    <article class={`panel incident ${level}`} id={lead.id}>
      <Shape health={level === 'over' ? 'well' : level} />
      <div>
        <Title>
          {full ? (
            titleOfIncident(lead, lang)
          ) : (
            <a href={href(`/incident/${lead.id}`, { at })}>{titleOfIncident(lead, lang)}</a>
          )}
        </Title>
        <p class="facts where">
          <b>{placeOf(lead, lang)}</b>
          {factsOf(group, place, { now_ms, watching, show, names }).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
        {group.open && todo !== undefined && (
          <p class="act">
            <b>{words.act}</b> {lang === 'zh' ? todo.manual_zh : todo.manual}
          </p>
        )}
        <p class="facts muted">
          {lead.explains > 0 && (
            <span>{words.explains(share(lead.explains), excessOf(lead, words), share(lead.confidence))}</span>
          )}
          {joined !== '' && <span>{words.clean(joined)}</span>}
          <span>{words.found(timeOf(lead.opened_ms, lang, now_ms))}</span>
        </p>
        <p class="facts links">
          {!full && <a href={href(`/incident/${lead.id}`, { at })}>{words.evidence}</a>}
          {runbook !== undefined && runbook !== '' && <a href={runbookPath(runbook)}>{words.runbook}</a>}
          <a href={href(`/incident/${lead.id}#sessions`)}>{words.sessions}</a>
          {group.incidents.length > 1 &&
            !full &&
            group.incidents.slice(1, 4).map((other) => (
              <a key={other.id} href={href(`/incident/${other.id}`, { at })} title={other.stream}>
                {cutName(
                  show === undefined && group.shows.length > 1
                    ? [other.show, other.stream].filter(Boolean).join(' · ')
                    : other.stream || other.show,
                )}
              </a>
            ))}
        </p>
      </div>
    </article>
  )
}

/** One of the other incidents: a line of 40 px. */
export function IncidentRow({ group, now_ms, watching, show, names }: GroupProps) {
  const place = usePlace()
  const { lang, href, query } = place
  const level = levelOf(group)
  const { lead } = group
  return (
    <li class={`incident-row ${level}`} id={lead.id}>
      <a href={href(`/incident/${lead.id}`, { at: query.get('at') ?? undefined })}>
        <Shape health={level === 'over' ? 'well' : level} size={16} />
        <span class="what">{titleOfIncident(lead, lang)}</span>
        <span class="facts">
          {factsOf(group, place, { now_ms, watching, show, names }).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </span>
      </a>
    </li>
  )
}

/** An incident of its own as a group, for its own page. */
export const soleGroup = (incident: IncidentView): IncidentGroup => ({
  key: incident.id,
  lead: incident,
  incidents: [incident],
  open: incident.state === 'open',
  critical: incident.severity === 'critical',
  shows: [incident.show],
  streams: [`${incident.show}/${incident.stream}`],
  viewers: incident.viewers,
  began_ms: incident.began_ms,
  resolved_ms: incident.resolved_ms,
  reopened: incident.reopened,
})
