import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import { openStateMap, type StateMap } from '../log/stateMap.ts'
import type { ShowEntry } from '../schemas/show.ts'
import { STATE_TOPICS } from '../schemas/topics.ts'

/** The registry of shows as this process follows it. */
export const openShows = (log: Log, name: string): Promise<StateMap> =>
  openStateMap({ log, topic: STATE_TOPICS.show.name, group: `shows-${name}` })

const PATIENCE_MS = 3_000
const EMPTY: ReadonlyMap<string, string> = new Map()

/**
 * The same for whoever must start while the log is away, as a collector that spills: after a few seconds the map is given
 * empty, and fills when the log answers.
 */
export async function openShowsLater(log: Log, name: string): Promise<StateMap> {
  const stop = new AbortController()
  let map: StateMap | undefined
  const opening = (async () => {
    while (!stop.signal.aborted) {
      try {
        map = await openShows(log, name)
        return map
      } catch {
        // The log's own facts say why; it is asked again until it answers.
        await pause(1_000, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
      }
    }
    return undefined
  })()
  await Promise.race([opening, pause(PATIENCE_MS)])
  return {
    get values() {
      return map?.values ?? EMPTY
    },
    async put(key, value) {
      await (await opening)?.put(key, value)
    },
    onChange(callback) {
      let off: (() => void) | undefined
      let wanted = true
      if (map !== undefined) return map.onChange(callback)
      void opening.then((opened) => {
        if (opened === undefined || !wanted) return
        off = opened.onChange(callback)
        for (const [key, value] of opened.values) callback(key, value)
      })
      return () => {
        wanted = false
        off?.()
      }
    },
    async close() {
      stop.abort()
      await map?.close()
    },
  }
}

/** What the collector asks of the registry, for each report: kept as two indexes that follow the registry. */
export interface DeclaredShows {
  /** The show that declared a stream. */
  readonly showOf: (tenant: string, stream: string) => string | undefined
  /** The artificial delay that a show declares, ms; 0 without one. */
  readonly delayOf: (tenant: string, show: string) => number
}

/** The shows that the registry in the log declares. */
export function declaredShows(map: StateMap): DeclaredShows {
  let index = new Map<string, string>()
  let delays = new Map<string, number>()
  const rebuild = (): void => {
    index = new Map()
    delays = new Map()
    for (const text of map.values.values()) {
      const { tenant = 'demo', show, streams, delay_ms } = JSON.parse(text) as ShowEntry
      if (delay_ms !== undefined) delays.set(`${tenant}\0${show}`, delay_ms)
      for (const { stream } of streams) index.set(`${tenant}\0${stream}`, show)
    }
  }
  map.onChange(rebuild)
  rebuild()
  return {
    showOf: (tenant, stream) => index.get(`${tenant}\0${stream}`),
    delayOf: (tenant, show) => delays.get(`${tenant}\0${show}`) ?? 0,
  }
}
