import { useEffect } from 'preact/hooks'
import type { ShowList } from '../api.ts'
import type { Place } from './place.ts'

/** A wall that rotates shows each show for so long. */
const NEXT_MS = 20_000

/** The show after this one: live shows in the order of their names. */
export function nextShow(list: Pick<ShowList, 'shows'>, show: string | undefined): string | undefined {
  const live = Object.entries(list.shows)
    .filter(([, { ended }]) => ended === undefined)
    .map(([name]) => name)
    .sort()
  return live[(live.indexOf(show ?? '') + 1) % Math.max(1, live.length)]
}

/** `?wall=rotate`: goes on to the next live show every twenty seconds. */
export function useWall({ query, route, href, go }: Place): void {
  const rotates = query.get('wall') === 'rotate'
  const show = route.view === 'show' ? route.show : undefined
  useEffect(() => {
    if (!rotates) return
    const timer = setInterval(async () => {
      const answer = await fetch('/api/shows', { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
      if (answer?.ok !== true) return
      const next = nextShow((await answer.json()) as ShowList, show)
      if (next !== undefined && next !== show)
        go(href(`/show/${encodeURIComponent(next)}`), { replace: true })
    }, NEXT_MS)
    return () => clearInterval(timer)
  }, [rotates, show])
}
