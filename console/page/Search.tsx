import { useEffect, useRef, useState } from 'preact/hooks'
import type { Found } from '../api.ts'
import { usePlace } from './place.ts'
import { useFetch } from './useLive.ts'

/** Letters typed within this time are one question, ms. */
const PAUSE_MS = 150

/** Finds shows, streams, incidents and sessions by name; arrows choose, Enter opens, Esc closes. */
export function Search({ onClose }: { readonly onClose: () => void }) {
  const { words, lang, href, query, go } = usePlace()
  const [text, type] = useState('')
  const [wanted, ask] = useState('')
  const [at, move] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    const timer = setTimeout(() => ask(text.trim()), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  const tenant = query.get('tenant')
  const { data } = useFetch<Found[]>(
    wanted === ''
      ? undefined
      : `/api/search?q=${encodeURIComponent(wanted)}${tenant === null ? '' : `&tenant=${encodeURIComponent(tenant)}`}`,
  )
  const found = wanted === '' ? [] : (data ?? [])
  const address = (each: Found): string =>
    each.kind === 'incident'
      ? href(`/incident/${encodeURIComponent(each.id)}`)
      : each.kind === 'session'
        ? href(`/session/${encodeURIComponent(each.id)}`)
        : href(`/show/${encodeURIComponent(each.show)}`, {
            stream: each.kind === 'stream' ? each.id : undefined,
          })
  const kinds = {
    show: words.show,
    stream: words.stream,
    incident: words.incident,
    session: words.session,
  }
  const key = (event: KeyboardEvent) => {
    event.stopPropagation()
    if (event.key === 'Escape') return onClose()
    if (event.key === 'ArrowDown') move((at + 1) % Math.max(1, found.length))
    else if (event.key === 'ArrowUp') move((at + found.length - 1) % Math.max(1, found.length))
    else if (event.key === 'Enter' && found[at] !== undefined) {
      go(address(found[at]!))
      onClose()
    } else return
    event.preventDefault()
  }
  return (
    <div class="veil">
      <dialog open class="panel search" aria-modal="true" aria-label={words.search} onKeyDown={key}>
        <p class="search-line">
          <input
            ref={field}
            value={text}
            placeholder={words.search_hint}
            aria-label={words.search_hint}
            onInput={(event) => {
              type(event.currentTarget.value)
              move(0)
            }}
          />
          <button type="button" class="button" onClick={onClose}>
            {words.close}
          </button>
        </p>
        <ul>
          {found.map((each, index) => (
            <li key={`${each.kind}-${each.id}`} class={index === at ? 'chosen-row' : ''}>
              <a href={address(each)} onClick={() => setTimeout(onClose)}>
                <span class="muted">{kinds[each.kind]}</span>{' '}
                {each.kind === 'incident' ? each[lang === 'zh' ? 'text_zh' : 'text_en'] : each.id}
                {each.show !== each.id && each.show !== '' && <small> {each.show}</small>}
              </a>
            </li>
          ))}
        </ul>
        {wanted !== '' && data !== undefined && found.length === 0 && (
          <p class="muted" role="status">
            {words.search_nothing}
          </p>
        )}
      </dialog>
    </div>
  )
}
