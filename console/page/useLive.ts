import { useEffect, useState } from 'preact/hooks'
import { merge } from '../live/mergePatch.ts'
import { isCut, useLine } from './useLine.ts'
import { soundIsOn } from './useSiren.ts'

/** What is known of something live. */
export interface Live<T> {
  readonly data: T | undefined
  /** Messages come each second; none came for some. */
  readonly stuck: boolean
}

/** Silence after which a stream of messages counts as stuck; a console that answers otherwise says why itself. */
const STUCK_MS = 5_000
/** A browser gives up on some errors; a control room opens the stream again after this time. */
const REOPEN_MS = 1_000
/** A line that says nothing for so long is dead, though the browser may not know: a laptop that slept, another network. */
const DEAD_MS = 15_000
/** A picture older than this is not shown as current for a moment, even when a tab comes back into sight. */
const OLD_MS = 120_000
const START: Live<never> = { data: undefined, stuck: false }

/** Follows `/api/live?…`; undefined follows nothing. */
export function useLive<T>(query: string | undefined): Live<T> {
  const [state, set] = useState<Live<T> & { readonly query?: string | undefined }>(START)
  useEffect(() => {
    if (query === undefined) return
    set({ ...START, query })
    let heard_ms = performance.now()
    let source: EventSource
    const hear = (change: (old: T | undefined) => T | undefined) => {
      heard_ms = performance.now()
      set((old) => ({ data: change(old.data), stuck: false, query }))
      // A browser has six connections to a console: a tab that nobody sees looks now and then, unless it is to sound.
      if (document.hidden && !soundIsOn()) source.close()
    }
    const open = () => {
      source = new EventSource(`/api/live?${query}`)
      source.addEventListener('whole', (event) => hear(() => JSON.parse(event.data)))
      source.addEventListener('patch', (event) =>
        hear((old) => (old === undefined ? old : merge(old, JSON.parse(event.data)))),
      )
    }
    open()
    let opened_ms = heard_ms
    const look = () => {
      const now = performance.now()
      const closed = source.readyState === EventSource.CLOSED
      if (document.hidden && closed && now - heard_ms < DEAD_MS) return
      if (!document.hidden && now - heard_ms > STUCK_MS)
        set((old) => (old.stuck ? old : { ...old, stuck: true, query }))
      if (!closed && now - Math.max(heard_ms, opened_ms) < DEAD_MS) return
      source.close()
      opened_ms = now
      open()
    }
    // Back in sight a tab has a second to say what is new, unless what it shows is very old.
    const seen = () => {
      const now = performance.now()
      if (!document.hidden && now - heard_ms < OLD_MS) heard_ms = Math.max(heard_ms, now - STUCK_MS + 1000)
      look()
    }
    const timer = setInterval(look, REOPEN_MS)
    document.addEventListener('visibilitychange', seen)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', seen)
      source.close()
    }
  }, [query])
  return state.query === query ? state : START
}

export interface Fetched<T> {
  /** The last that came for this address; it stays while the line is down. */
  readonly data: T | undefined
  readonly missing: boolean
  readonly failed: boolean
  /** It was asked for some time ago and has never come. */
  readonly slow: boolean
}

const NOTHING = { data: undefined, missing: false, failed: false, slow: false }
const SLOW_MS = 4_000
/** Longest that one answer is waited for; the console itself gives up on its store a little earlier. */
const WAIT_MS = 25_000
const AGAIN_MS = 1_000

/** Fetches JSON, again every `every_ms` if given; after a failure again within a second either way. */
export function useFetch<T>(url: string | undefined, every_ms?: number): Fetched<T> {
  const [state, set] = useState<Fetched<T> & { url?: string }>(NOTHING)
  // While nothing can come nothing is asked: no question holds a connection, and all is asked again on return.
  const cut = isCut(useLine())
  useEffect(() => {
    if (url === undefined || cut) return
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = (change: Partial<Fetched<T>>) =>
      set((old) => {
        const { data, slow } = old.url === url ? old : NOTHING
        return { ...NOTHING, data, slow: slow && change.data === undefined, ...change, url }
      })
    const load = async () => {
      let failed = false
      try {
        const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(WAIT_MS)])
        const answer = await fetch(url, { signal })
        failed = !answer.ok && answer.status !== 404
        tell(answer.ok ? { data: (await answer.json()) as T } : { missing: answer.status === 404, failed })
      } catch {
        if (abort.signal.aborted) return
        failed = true
        tell({ failed })
      }
      const next = failed ? Math.min(AGAIN_MS, every_ms ?? AGAIN_MS) : every_ms
      if (next !== undefined && !abort.signal.aborted) timer = setTimeout(load, next)
    }
    void load()
    const late = setTimeout(
      () =>
        set((old) =>
          old.url === url && old.data !== undefined
            ? old
            : { ...NOTHING, ...(old.url === url ? old : {}), slow: true, url },
        ),
      SLOW_MS,
    )
    return () => {
      abort.abort()
      clearTimeout(late)
      clearTimeout(timer)
    }
  }, [url, every_ms, cut])
  return state.url === url ? state : NOTHING
}
