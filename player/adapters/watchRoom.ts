import { guard } from '../core/guard.ts'
import type { Session, TrackFields } from '../createMonitor.ts'
import { addFields } from './addFields.ts'

export interface WatchRoomOptions {
  /** The component that the page is, and its version: the dimensions that a release is compared by. */
  readonly component?: string
  readonly component_version?: string
  /** `performance.now()` of the viewer’s tap, where the container hands it on; below 0 for a tap before the page. */
  readonly tapped_at?: number
  /** Which files the start needs. Default: scripts, styles and fonts. */
  readonly needs?: (entry: PerformanceResourceTiming) => boolean
}

export interface Room {
  /** The component can be used: until here its load counts. The first time counts. */
  readonly loaded: (at?: number) => void
  /**
   * Runs a query whose answer may have been fetched before, and reports it as an interaction with `prefetch: hit` or `miss`:
   * `room.query('draw_query', cache.get(round), () => fetch(…), { round })`.
   */
  readonly query: <T>(
    action: string,
    prefetched: T | undefined,
    run: () => Promise<T>,
    fields?: TrackFields,
  ) => Promise<T>
  readonly stop: () => void
}

const NEEDED = ['script', 'link', 'css', 'font']

/** Of a file that came without the network: from a cache, or prefetched. Other origins tell it with `Timing-Allow-Origin` only. */
const isCached = ({ transferSize, decodedBodySize, responseStart }: PerformanceResourceTiming) =>
  transferSize === 0 && (decodedBodySize > 0 || responseStart === 0)

/**
 * Watches how the room around the picture starts: the container’s and the component’s load as phases before the request to
 * play, how many of its files were there before, and whether queries were prefetched. Call it when the page begins.
 */
export function watchRoom(
  session: Pick<Session, 'on' | 'setContext' | 'track'>,
  options: WatchRoomOptions = {},
): Room {
  const { component, component_version, tapped_at, needs } = options
  if (component) session.setContext({ component, component_version })
  const begun = performance.now()
  let loaded: number | undefined
  const forget = addFields(session, 'startup', () => {
    const files = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(
      needs ?? (({ initiatorType }) => NEEDED.includes(initiatorType)),
    )
    return {
      container_ms: tapped_at === undefined ? undefined : Math.max(0, begun - tapped_at),
      component_ms: loaded === undefined ? undefined : Math.max(0, loaded - begun),
      resources: Math.min(65_535, files.length),
      resources_cached: Math.min(65_535, files.filter(isCached).length),
    }
  })
  return {
    loaded: guard((at = performance.now()) => {
      loaded ??= at
    }),
    query: async (action, prefetched, run, fields = {}) => {
      const from = performance.now()
      const report = (outcome: 'success' | 'failed') =>
        session.track(action, {
          ...{
            outcome,
            prefetch: prefetched === undefined ? 'miss' : 'hit',
            rtt_ms: performance.now() - from,
          },
          ...fields,
        })
      try {
        const answer = prefetched ?? (await run())
        report('success')
        return answer
      } catch (error) {
        report('failed')
        throw error
      }
    },
    stop: forget,
  }
}
