import type { Hop } from '../../schemas/kinds/kinds.ts'
import type { Metric } from '../../schemas/metrics.ts'
import type { SessionRow } from '../api.ts'
import type { IncidentView } from '../server/incidents.ts'
import { textOf, timeOf, titleOf } from './amount.ts'
import { type ChartRow, Charts } from './Charts.tsx'
import { IncidentCard, type Seen } from './IncidentCard.tsx'
import { usePlace } from './place.ts'
import { Sessions, Table } from './Tables.tsx'
import { Top } from './Top.tsx'
import { useFetch } from './useLive.ts'

interface Evidence extends Seen {
  readonly symptoms?: readonly {
    readonly metric: Metric
    readonly hop: Hop
    readonly scope: Readonly<Record<string, string>>
    readonly now: number
    readonly baseline: number
    readonly onset_ms: number
  }[]
  readonly timeline?: {
    readonly from_ms: number
    readonly step_ms: number
    readonly hops: readonly {
      readonly hop: Hop
      readonly state: 'sick' | 'clean' | 'silent'
      readonly metric: Metric
      readonly series: readonly (number | null)[]
    }[]
  }
}

/** One incident: the sentence, the evidence hop by hop, and who is affected. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { words, lang, href, query } = usePlace()
  const tenant = query.get('tenant')
  const asked = tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`
  const {
    data: incident,
    missing,
    failed,
  } = useFetch<IncidentView>(`/api/incidents/${encodeURIComponent(id)}${asked}`, 2000)
  const { data: sessions } = useFetch<SessionRow[]>(
    incident === undefined
      ? undefined
      : `/api/sessions${asked === '' ? '?' : `${asked}&`}incident=${encodeURIComponent(id)}`,
    10_000,
  )
  if (incident === undefined || failed) {
    return (
      <>
        <Top state={failed ? 'lost' : missing ? 'past' : 'opening'} />
        <main class="page" id="main">
          {missing ? (
            <p class="banner past">{words.not_found}</p>
          ) : failed ? (
            <p class="banner lost" role="alert">
              {words.lost('2 s')}
            </p>
          ) : (
            <div class="panel skeleton tall" />
          )}
        </main>
      </>
    )
  }
  const now_ms = Date.now()
  const open = incident.state === 'open'
  const { symptoms = [], timeline } = incident.evidence as Evidence
  const show = `/show/${encodeURIComponent(incident.show)}`
  const moment = open ? {} : { at: Math.min(incident.resolved_ms, incident.opened_ms + 60_000) }
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    { href: href(show, moment), text: incident.show },
    { href: href(`/incident/${id}`), text: words.incident },
  ]
  const rows = (timeline?.hops ?? [])
    .filter(({ series }) => series.some((value) => value !== null))
    .map(
      ({ hop, state, metric, series }): ChartRow => ({
        id: hop,
        title: words.hops[hop],
        about: titleOf(metric, lang),
        tone: state === 'sick' ? 'sick' : 'plain',
        points: series.map((value, index) => [timeline!.from_ms + (index + 1) * timeline!.step_ms, value]),
        text: (value) => textOf(metric, value),
      }),
    )
  const length = Math.max(0, ...(timeline?.hops ?? []).map(({ series }) => series.length))
  return (
    <>
      <Top trail={trail} />
      <main class="page" id="main">
        <IncidentCard incident={incident} now_ms={now_ms} full />
        {rows.length > 0 && (
          <section class="panel">
            <h2>{words.evidence_axis}</h2>
            <Charts
              rows={rows}
              bands={[
                {
                  from_ms: incident.began_ms,
                  to_ms: timeline!.from_ms + length * timeline!.step_ms,
                  tone: 'incident',
                  label: words.incident,
                },
              ]}
              from_ms={timeline!.from_ms}
              to_ms={timeline!.from_ms + length * timeline!.step_ms}
              label={words.evidence_axis}
            />
          </section>
        )}
        {symptoms.length > 0 && (
          <section class="panel">
            <h2>{words.symptoms}</h2>
            <Table
              heads={[words.metric, words.where, words.before, words.now, words.onset]}
              rows={[...symptoms]
                .sort((a, b) => a.onset_ms - b.onset_ms)
                .map((one, index) => ({
                  key: `${one.metric}-${index}`,
                  cells: [
                    `${words.hops[one.hop]} · ${titleOf(one.metric, lang)}`,
                    Object.values(one.scope).join(' ') || words.everywhere,
                    textOf(one.metric, one.baseline),
                    textOf(one.metric, one.now),
                    timeOf(one.onset_ms, lang, now_ms),
                  ],
                }))}
            />
          </section>
        )}
        <Sessions rows={sessions ?? []} at_ms={now_ms} />
      </main>
    </>
  )
}
