import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { IncidentPage } from './IncidentPage.tsx'
import { MissingPage } from './MissingPage.tsx'
import { hrefOf, type Lang, type Place, PlaceContext, routeOf, withQuery } from './place.ts'
import { RunbookPage } from './RunbookPage.tsx'
import { SessionPage } from './SessionPage.tsx'
import { ShowPage } from './ShowPage.tsx'
import { ShowsPage } from './ShowsPage.tsx'
import './style.css'
import { WORDS } from './words.ts'

const langOf = (query: URLSearchParams): Lang => {
  const asked = query.get('lang') ?? navigator.language
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

function App() {
  const [address, setAddress] = useState(location.href)
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
      if (link.pathname.startsWith('/clickhouse')) return
      event.preventDefault()
      history.pushState(null, '', link.href)
      setAddress(location.href)
      if (link.hash === '') scrollTo(0, 0)
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
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        (event.target as Element).closest('input, textarea, pre')
      )
        return
      // Keys may come faster than the page is drawn: the address is what counts.
      const { pathname, searchParams: now } = new URL(location.href)
      const change = (changes: Parameters<Place['with']>[0]) => place.go(withQuery(pathname, now, changes))
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
        w: () => change({ wall: now.has('wall') ? undefined : '' }),
        t: () => change({ theme: theme === 'dark' ? 'light' : 'dark' }),
        z: () => change({ lang: langOf(now) === 'zh' ? 'en' : 'zh' }),
        j: () => {
          const links = [...document.querySelectorAll<HTMLElement>('.incident h2 a')]
          links[(links.indexOf(document.activeElement as HTMLElement) + 1) % links.length]?.focus()
        },
        escape: () => history.back(),
      }
      const action = actions[event.key.toLowerCase()]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [place])

  return (
    <PlaceContext.Provider value={place}>
      {route.view === 'show' ? (
        <ShowPage key={route.show} show={route.show} />
      ) : route.view === 'incident' ? (
        <IncidentPage key={route.id} id={route.id} />
      ) : route.view === 'session' ? (
        <SessionPage key={route.id} id={route.id} />
      ) : route.view === 'runbooks' ? (
        <RunbookPage key={route.rule} rule={route.rule} />
      ) : route.view === 'missing' ? (
        <MissingPage />
      ) : (
        <ShowsPage home={route.view === 'home'} />
      )}
    </PlaceContext.Provider>
  )
}

const holder = document.getElementById('app')!
holder.replaceChildren()
render(<App />, holder)
