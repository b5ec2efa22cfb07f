import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Lang } from '../../schemas/words.ts'
import type { Me } from '../signIn/principal.ts'
import { HandoverPage } from './HandoverPage.tsx'
import { IncidentPage } from './IncidentPage.tsx'
import { MissingPage } from './MissingPage.tsx'
import { hrefOf, type Place, PlaceContext, routeOf, withQuery } from './place.ts'
import { RunbookPage } from './RunbookPage.tsx'
import { Search } from './Search.tsx'
import { SessionPage } from './SessionPage.tsx'
import { ShowPage } from './ShowPage.tsx'
import { ShowsPage } from './ShowsPage.tsx'
import './style.css'
import { LineContext, useWatchedLine } from './useLine.ts'
import { useFetch } from './useLive.ts'
import { MeContext } from './useMe.ts'
import { useWall } from './useWall.ts'
import { WORDS } from './words.ts'

const langOf = (query: URLSearchParams): Lang => {
  const requested = query.get('lang') ?? navigator.language
  return requested.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

function App() {
  const [address, setAddress] = useState(location.href)
  const [searching, search] = useState(false)
  const line = useWatchedLine()
  const place = useMemo((): Place => {
    const { pathname, searchParams: query } = new URL(address)
    const lang = langOf(query)
    return {
      route: routeOf(pathname),
      query,
      lang,
      words: WORDS[lang],
      href: (path, changes) => {
        const [bare = '', hash] = path.split('#')
        return hrefOf(query, bare, changes) + (hash === undefined ? '' : `#${hash}`)
      },
      with: (changes) => withQuery(pathname, query, changes),
      go(href, { replace = false } = {}) {
        history[replace ? 'replaceState' : 'pushState'](null, '', href)
        setAddress(location.href)
      },
      search: () => search(true),
    }
  }, [address])
  const { route, query, lang } = place

  const root = document.documentElement
  root.lang = lang === 'zh' ? 'zh-CN' : 'en'
  const theme = query.get('theme')
  if (theme === null) delete root.dataset.theme
  else root.dataset.theme = theme
  root.classList.toggle('wall', query.has('wall'))

  useEffect(() => {
    const moved = () => setAddress(location.href)
    const clicked = (event: MouseEvent) => {
      const link = (event.target as Element).closest('a')
      if (
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey ||
        event.altKey
      )
        return
      const href = link?.getAttribute('href')
      if (
        link === null ||
        href === null ||
        href === undefined ||
        href.startsWith('#') ||
        link.origin !== location.origin
      )
        return
      if (link.pathname.startsWith('/clickhouse') || 'native' in link.dataset) return
      event.preventDefault()
      // A step in time or look is no new place: it replaces the address instead of piling up history.
      history['replace' in link.dataset ? 'replaceState' : 'pushState'](null, '', link.href)
      setAddress(location.href)
      if (link.hash === '' && !('replace' in link.dataset)) scrollTo(0, 0)
    }
    addEventListener('popstate', moved)
    document.addEventListener('click', clicked)
    return () => {
      removeEventListener('popstate', moved)
      document.removeEventListener('click', clicked)
    }
  }, [])

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        return search((open) => !open)
      }
      if (event.key === 'Escape' && searching) return search(false)
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        (event.target as Element).closest('input, textarea, select, pre')
      )
        return
      // Keys may come faster than the page is drawn: the address is what counts.
      const { pathname, searchParams: now } = new URL(location.href)
      const change = (changes: Parameters<Place['with']>[0]) =>
        place.go(withQuery(pathname, now, changes), { replace: true })
      const at = now.get('at')
      const step = event.shiftKey ? 60_000 : 10_000
      const moved = (by: number) => {
        const to = (at === null ? Date.now() : Number(at)) + by
        change({ at: to > Date.now() - 3000 ? undefined : Math.round(to) })
      }
      const theme =
        now.get('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
      const actions: Record<string, () => void> = {
        arrowleft: () => moved(-step),
        arrowright: () => moved(step),
        l: () => change({ at: undefined }),
        w: () =>
          change({ wall: now.has('wall') ? undefined : pathname.startsWith('/show/') ? '' : 'rotate' }),
        t: () => change({ theme: theme === 'dark' ? 'light' : 'dark' }),
        z: () => change({ lang: langOf(now) === 'zh' ? 'en' : 'zh' }),
        j: () => {
          const links = [...document.querySelectorAll<HTMLElement>('.incident h2 a, .incident-row a')]
          links[(links.indexOf(document.activeElement as HTMLElement) + 1) % links.length]?.focus()
        },
        escape: () => {
          if (now.has('wall')) return change({ wall: undefined })
          const above = [...document.querySelectorAll<HTMLAnchorElement>('.top nav a.above')].at(-1)
          const home = document.querySelector<HTMLAnchorElement>('.top nav a.brand')
          const target = above ?? home
          if (target !== null) place.go(target.href)
        },
      }
      const action = actions[event.key.toLowerCase()]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [place, searching])

  useWall(place)
  const { data: me } = useFetch<Me>('/api/me')

  return (
    <PlaceContext.Provider value={place}>
      <LineContext.Provider value={line}>
        <MeContext.Provider value={me}>
          {route.view === 'show' ? (
            <ShowPage key={route.show} show={route.show} />
          ) : route.view === 'incident' ? (
            <IncidentPage key={route.id} id={route.id} />
          ) : route.view === 'session' ? (
            <SessionPage key={route.id} id={route.id} />
          ) : route.view === 'runbooks' ? (
            <RunbookPage key={route.rule} rule={route.rule} />
          ) : route.view === 'handover' ? (
            <HandoverPage />
          ) : route.view === 'missing' ? (
            <MissingPage />
          ) : (
            <ShowsPage home={route.view === 'home'} />
          )}
          {searching && <Search onClose={() => search(false)} />}
        </MeContext.Provider>
      </LineContext.Provider>
    </PlaceContext.Provider>
  )
}

const holder = document.getElementById('app')!
holder.replaceChildren()
render(<App />, holder)
