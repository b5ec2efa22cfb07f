import { useEffect, useState } from 'preact/hooks'
import { merge } from '../live/mergePatch.ts'

/** What is known of something live, and how far it can be trusted. */
export interface Live<T> {
  readonly data: T | undefined
  readonly line: 'opening' | 'open' | 'lost' | 'store_away'
  /** By this machine's own counter, ms: when the last message came, and now. */
  readonly heard_ms: number
  readonly now_ms: number
}

/** Silence after which the line counts as lost: messages come each second. */
const LOST_MS = 4_000
const START: Live<never> = { data: undefined, line: 'opening', heard_ms: 0, now_ms: 0 }

/** Follows `/api/live?…`; undefined follows nothing. */
export function useLive<T>(query: string | undefined): Live<T> {
  const [state, set] = useState<Live<T> & { readonly query?: string | undefined }>(START)
  useEffect(() => {
    if (query === undefined) return
    const begun = performance.now()
    set({ ...START, heard_ms: begun, now_ms: begun, query })
    const source = new EventSource(`/api/live?${query}`)
    const hear = (change: (old: T | undefined) => T | undefined) => {
      const now = performance.now()
      set((old) => ({ data: change(old.data), line: 'open', heard_ms: now, now_ms: now, query }))
    }
    source.addEventListener('whole', (event) => hear(() => JSON.parse(event.data)))
    source.addEventListener('patch', (event) =>
      hear((old) => (old === undefined ? old : merge(old, JSON.parse(event.data)))),
    )
    source.addEventListener('trouble', () => set((old) => ({ ...old, line: 'store_away' })))
    const timer = setInterval(() => {
      const now = performance.now()
      set((old) => {
        const line = old.line === 'open' && now - old.heard_ms > LOST_MS ? 'lost' : old.line
        const never = old.line === 'opening' && now - old.heard_ms > LOST_MS ? 'lost' : line
        return { ...old, line: never, now_ms: now }
      })
      // A browser gives up on some errors; a control room does not.
      if (source.readyState === EventSource.CLOSED) set((old) => ({ ...old, line: 'lost' }))
    }, 500)
    return () => {
      clearInterval(timer)
      source.close()
    }
  }, [query])
  return state.query === query ? state : START
}

export interface Fetched<T> {
  /** The last that came; it stays while the line is down. */
  readonly data: T | undefined
  readonly missing: boolean
  readonly failed: boolean
  /** How long ago the last answer came (or was first asked for), ms. */
  readonly since_ms: number
}

const NOTHING = { data: undefined, missing: false, failed: false, since_ms: 0 }

/** Fetches JSON, again every `every_ms` if given; after a failure again within two seconds either way. */
export function useFetch<T>(url: string | undefined, every_ms?: number): Fetched<T> {
  const [state, set] = useState<Fetched<T> & { url?: string }>(NOTHING)
  useEffect(() => {
    if (url === undefined) return
    const abort = new AbortController()
    let heard = performance.now()
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = (change: { data?: T; missing?: boolean; failed?: boolean }) =>
      set((old) => ({
        ...NOTHING,
        data: old.url === url ? old.data : undefined,
        ...change,
        since_ms: performance.now() - heard,
        url,
      }))
    const load = async () => {
      let failed = false
      try {
        const answer = await fetch(url, { signal: abort.signal })
        failed = !answer.ok && answer.status !== 404
        if (!failed) heard = performance.now()
        tell(answer.ok ? { data: (await answer.json()) as T } : { missing: answer.status === 404, failed })
      } catch {
        if (abort.signal.aborted) return
        failed = true
        tell({ failed })
      }
      const next = failed ? Math.min(2000, every_ms ?? 2000) : every_ms
      if (next !== undefined && !abort.signal.aborted) timer = setTimeout(load, next)
    }
    void load()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [url, every_ms])
  return state.url === url ? state : NOTHING
}
