import { useState } from 'preact/hooks'
import type { IncidentView } from '../../schemas/incident.ts'
import type { Lang } from '../../schemas/words.ts'
import { groupIncidents } from '../incidentGroups.ts'
import { lengthOf, timeOf, whole } from './amount.ts'
import { placeOf, titleOfIncident } from './incidentText.ts'
import { LineBanner } from './LineBanner.tsx'
import { usePlace } from './place.ts'
import { Top } from './Top.tsx'
import { useFetch } from './useLive.ts'
import type { Words } from './words.ts'

const HOUR_MS = 3_600_000
const HOURS = [4, 8, 12, 24] as const

/** What happened within some hours, as text for the next shift: open incidents first, each cause once. */
export function handoverText(
  incidents: readonly IncidentView[],
  {
    hours,
    now_ms,
    lang,
    words,
    origin,
  }: { hours: number; now_ms: number; lang: Lang; words: Words; origin: string },
): string {
  const groups = groupIncidents(incidents)
  const open = groups.filter((group) => group.open)
  const line = (group: (typeof groups)[number]) => {
    const end_ms = group.open ? now_ms : group.resolved_ms
    return `- ${[
      titleOfIncident(group.lead, lang),
      placeOf(group.lead, lang),
      group.shows.join(', '),
      group.viewers > 0 ? words.viewers(whole(group.viewers)) : '',
      `${timeOf(group.began_ms, lang, now_ms)} – ${group.open ? words.open : timeOf(group.resolved_ms, lang, now_ms)}`,
      lengthOf(end_ms - group.began_ms, lang),
      group.lead.handling?.owner ? words.has_it(group.lead.handling.owner) : '',
      group.lead.handling?.note ?? '',
      `${origin}/incident/${group.lead.id}`,
    ]
      .filter(Boolean)
      .join(' · ')}`
  }
  return [
    `${words.handover} · ${timeOf(now_ms, lang, 0)} · ${words.handover_about(hours)}`,
    '',
    `${words.open}: ${words.incidents(open.length)}`,
    ...open.map(line),
    '',
    `${words.resolved}: ${words.incidents(groups.length - open.length)}`,
    ...groups.filter((group) => !group.open).map(line),
  ].join('\n')
}

/** A summary of the last hours, to be copied. */
export function HandoverPage() {
  const { words, lang, href, query, with: to } = usePlace()
  const hours = HOURS.find((each) => String(each) === query.get('hours')) ?? 8
  const [now_ms] = useState(Date.now())
  const tenant = query.get('tenant')
  const { data } = useFetch<IncidentView[]>(
    `/api/incidents?from=${now_ms - hours * HOUR_MS}&limit=500${tenant === null ? '' : `&tenant=${encodeURIComponent(tenant)}`}`,
  )
  const [copied, done] = useState(false)
  const text =
    data === undefined ? '' : handoverText(data, { hours, now_ms, lang, words, origin: location.origin })
  return (
    <>
      <Top
        trail={[
          { href: href('/shows'), text: words.all_shows },
          { href: '', text: words.handover },
        ]}
      />
      <main class="page" id="main" aria-busy={data === undefined}>
        <LineBanner />
        <section class="panel handover">
          <h1>
            {words.handover}{' '}
            <span class="ranges">
              {HOURS.map((each) => (
                <a
                  key={each}
                  href={to({ hours: each })}
                  data-replace
                  aria-current={each === hours ? 'true' : undefined}
                >
                  {lengthOf(each * HOUR_MS, lang)}
                </a>
              ))}
            </span>
          </h1>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <pre tabIndex={0}>{text}</pre>
          <button
            type="button"
            class="button"
            onClick={() => void navigator.clipboard?.writeText(text).then(() => done(true))}
          >
            {copied ? words.copied : words.copy}
          </button>
        </section>
      </main>
    </>
  )
}
