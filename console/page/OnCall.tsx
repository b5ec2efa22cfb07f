import { useEffect, useState } from 'preact/hooks'
import type { IncidentView } from '../../schemas/incident.ts'
import type { Mark } from '../../schemas/mark.ts'
import { timeOf } from './amount.ts'
import { usePlace } from './place.ts'
import { sendChange } from './sendChange.ts'
import { keepName, mayChange, nameHere, useMe } from './useMe.ts'

type OnCallWords = Pick<IncidentView, 'mark' | 'handling'>

/** Who has an incident, a note for the next reader, and whether the page of it was worth it. */
export function OnCall({ incident }: { readonly incident: IncidentView }) {
  const { words, lang, query } = usePlace()
  const me = useMe()
  const [name, sign] = useState(nameHere)
  const [draft, write] = useState<string>()
  const [problem, explain] = useState<string>()
  // What was sent stands until the console answers something newer.
  const [sent, keep] = useState<OnCallWords>({})
  const { mark: knownMark, handling: known } = incident
  useEffect(() => keep({}), [knownMark, known?.at_ms])
  const { mark, handling } = { mark: knownMark, handling: known, ...sent }
  const tenant = query.get('tenant')
  const path = (what: string) =>
    `/api/incidents/${encodeURIComponent(incident.id)}/${what}${tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`}`
  const by = me?.how === 'local' ? name.trim() : me?.name
  const change = async (
    method: 'PUT' | 'DELETE',
    what: 'mark' | 'handling',
    body: object | undefined,
    after: OnCallWords,
  ) => {
    if (me?.how === 'local') keepName(name.trim())
    const wrong = await sendChange(method, path(what), body && { ...body, by: by || undefined })
    explain(wrong === undefined ? undefined : words.not_done(wrong))
    if (wrong === undefined) keep((old) => ({ ...old, ...after }))
    return wrong === undefined
  }
  const handle = (body: { owner?: string; note?: string }) => {
    const at_ms = Date.now()
    const { owner = handling?.owner, note = handling?.note } = body
    const since_ms = body.owner === undefined ? handling?.since_ms : at_ms
    const { id, tenant: whose } = incident
    return change('PUT', 'handling', body, {
      handling: { incident: id, tenant: whose, owner, since_ms, note, by, at_ms },
    })
  }
  const judge = (each: Mark) =>
    mark === each
      ? change('DELETE', 'mark', undefined, { mark: undefined })
      : change('PUT', 'mark', { mark: each }, { mark: each })
  const locked = !mayChange(me)
  const mine = handling?.owner !== undefined && handling.owner === by
  return (
    <section
      class="panel on-call"
      aria-label={words.handling}
      title={locked ? words.needs_operator : undefined}
    >
      <p class="owner">
        <span class={handling?.owner ? 'has' : 'muted'}>
          {handling?.owner
            ? words.handled(handling.owner, timeOf(handling.since_ms ?? handling.at_ms, lang, Date.now()))
            : words.nobody_has_it}
        </span>
        {me?.how === 'local' && (
          <label>
            <span class="hidden">{words.your_name}</span>
            <input
              value={name}
              maxLength={128}
              placeholder={words.your_name}
              onInput={(event) => sign(event.currentTarget.value)}
            />
          </label>
        )}
        <button
          type="button"
          class="button"
          disabled={locked || !by}
          onClick={() => void handle({ owner: mine ? '' : by! })}
        >
          {mine ? words.let_go : words.acknowledge}
        </button>
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void handle({ note: draft ?? '' }).then((done) => done && write(undefined))
        }}
      >
        <label>
          {words.note}
          <input
            value={draft ?? handling?.note ?? ''}
            maxLength={500}
            disabled={locked}
            onInput={(event) => write(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={locked || draft === undefined}>
          {words.save}
        </button>
        {handling?.note && draft === undefined && (
          <span class="muted">
            {[handling.by, timeOf(handling.at_ms, lang, Date.now())].filter(Boolean).join(' · ')}
          </span>
        )}
      </form>
      <fieldset class="marks">
        <legend>{words.mark_about}</legend>
        {(Object.keys(words.mark_names) as Mark[]).map((each) => (
          <button
            key={each}
            type="button"
            class="button"
            title={words.marks[each]}
            aria-pressed={mark === each}
            disabled={locked}
            onClick={() => void judge(each)}
          >
            {words.mark_names[each]}
          </button>
        ))}
        {incident.bar && (
          <span class="muted">{words.bar_is(incident.bar.factor.toFixed(2), incident.bar.marks)}</span>
        )}
      </fieldset>
      <p role="status">{problem ?? (locked && me !== undefined ? words.needs_operator : '')}</p>
    </section>
  )
}
