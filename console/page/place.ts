import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Lang } from '../../schemas/words.ts'
import type { Words } from './words.ts'

export type Route =
  | { readonly view: 'home' | 'shows' | 'handover' | 'missing' }
  | { readonly view: 'show'; readonly show: string }
  | { readonly view: 'incident'; readonly id: string }
  | { readonly view: 'session'; readonly id: string }
  | { readonly view: 'runbooks'; readonly rule: string }

/** Where one is: everything that can be seen is said by the address. */
export interface Place {
  readonly route: Route
  readonly query: URLSearchParams
  readonly lang: Lang
  readonly words: Words
  /** Address of another view; what is about the reader (language, theme, wall, tenant) goes along. */
  href(path: string, query?: Readonly<Record<string, string | number | undefined>>): string
  /** The same view with some of its query changed. */
  with(query: Readonly<Record<string, string | number | undefined>>): string
  go(href: string, options?: { readonly replace?: boolean }): void
  /** Opens the search box. */
  search(): void
}

const KEPT = ['lang', 'theme', 'wall', 'tenant']

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The view that a path names; `missing` for an unknown one. */
export function routeOf(pathname: string): Route {
  const [view, name = ''] = pathname.split('/').slice(1).map(decoded)
  if (view === 'show' && name !== '') return { view, show: name }
  if ((view === 'incident' || view === 'session') && name !== '') return { view, id: name }
  if (view === 'runbooks' && name !== '') return { view, rule: name }
  if (name !== '' || !['', 'shows', 'handover'].includes(view ?? '')) return { view: 'missing' }
  return { view: view === 'shows' || view === 'handover' ? view : 'home' }
}

type Changes = Readonly<Record<string, string | number | undefined>>

const joined = (path: string, query: URLSearchParams): string => {
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

function changed(query: URLSearchParams, changes: Changes): URLSearchParams {
  const result = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) result.delete(name)
    else result.set(name, String(value))
  }
  return result
}

/** A link to a path that keeps the query, with changes. */
export const hrefOf = (query: URLSearchParams, path: string, changes: Changes = {}): string => {
  const kept = new URLSearchParams([...query].filter(([name]) => KEPT.includes(name)))
  return joined(path, changed(kept, changes))
}

/** A path with the query that results from changes; undefined takes a name away. */
export const withQuery = (path: string, query: URLSearchParams, changes: Changes): string =>
  joined(path, changed(query, changes))

export const PlaceContext = createContext<Place | undefined>(undefined)
/** Where the page is, and how to go elsewhere. */
export const usePlace = (): Place => useContext(PlaceContext)!
