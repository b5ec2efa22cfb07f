import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'

/** Whether the console and its store answer: the same for every view. */
export interface Line {
  /**
   * `opening`: nothing has answered yet; `store_away`: the console answers, its store does not; `lost`: nothing answers;
   * `signed_out`: the session is over.
   */
  readonly state: 'opening' | 'open' | 'store_away' | 'lost' | 'signed_out'
  /** How long it has been so, ms; 0 while all is well. */
  readonly since_ms: number
}

/** Nothing new can come: what is seen is old. */
export const isCut = ({ state }: Line): boolean => state !== 'opening' && state !== 'open'

/** Interval between two questions to the console. Without an answer for `LOST_MS` the line is lost. */
const ASK_MS = 1_000
/** Interval while the line is not open, so that its return is seen at once. */
const ASK_AGAIN_MS = 300
const LOST_MS = 2_500
/** The state is computed every half second; a longer pause means that the page slept. */
const SLEPT_MS = 1_500
/** Longest that one question waits. */
const WAIT_MS = 2_500

export const LineContext = createContext<Line>({ state: 'opening', since_ms: 0 })
/** Whether the console answers, and since when it does not. */
export const useLine = (): Line => useContext(LineContext)

/** What a pulse answers. */
interface Heard {
  readonly status: number
  readonly store?: boolean
  readonly silent_ms?: number
}

/** Asks the console each second whether it and its store answer. */
export function useWatchedLine(): Line {
  const [line, set] = useState<Line>({ state: 'opening', since_ms: 0 })
  useEffect(() => {
    const begun = performance.now()
    let heard_ms = begun
    let answered = false
    let store: { readonly away: boolean; readonly since_ms: number } = { away: false, since_ms: 0 }
    let signedOut = false
    let stopped = false
    let told_ms = begun
    const tell = () => {
      const now = performance.now()
      // A page that slept (a locked phone, a busy machine) heard nothing because it did not listen.
      if (now - told_ms > SLEPT_MS) heard_ms += now - told_ms
      told_ms = now
      const silent_ms = now - heard_ms
      const next: Line =
        silent_ms > LOST_MS
          ? { state: 'lost', since_ms: silent_ms }
          : !answered
            ? { state: 'opening', since_ms: silent_ms }
            : signedOut
              ? { state: 'signed_out', since_ms: 0 }
              : store.away
                ? { state: 'store_away', since_ms: now - store.since_ms }
                : { state: 'open', since_ms: 0 }
      const second = (each: Line) => Math.floor(each.since_ms / 1000)
      set((old) => (old.state === next.state && second(old) === second(next) ? old : next))
    }
    const hear = ({ status, store: ok, silent_ms }: Heard) => {
      heard_ms = performance.now()
      answered = true
      signedOut = status === 401
      store = { away: ok === false, since_ms: heard_ms - (silent_ms ?? 0) }
      tell()
    }
    // A browser has six connections to a console, however many tabs: what one of them hears all of them know.
    const tabs = new BroadcastChannel('firstframe-pulse')
    tabs.onmessage = ({ data }) => hear(data as Heard)
    const ask = async () => {
      while (!stopped) {
        const began = performance.now()
        if (began - heard_ms >= 0.9 * (store.away ? ASK_AGAIN_MS : ASK_MS) || !answered)
          try {
            const answer = await fetch('/api/pulse', { signal: AbortSignal.timeout(WAIT_MS) })
            const heard: Heard = { ...((await answer.json()) as Heard), status: answer.status }
            hear(heard)
            tabs.postMessage(heard)
          } catch {
            // No answer: the time since the last one says how bad it is.
            tell()
          }
        await new Promise((resolve) =>
          setTimeout(
            resolve,
            Math.max(50, (store.away ? ASK_AGAIN_MS : ASK_MS) - (performance.now() - began)),
          ),
        )
      }
    }
    const timer = setInterval(tell, 500)
    void ask()
    return () => {
      stopped = true
      clearInterval(timer)
      tabs.close()
    }
  }, [])
  return line
}
