import type { Log } from '../log/log.ts'
import { openStateMap, type StateMap } from '../log/state_map.ts'
import type { ShowEntry } from '../schemas/show.ts'
import { STATE_TOPICS } from '../schemas/topics.ts'

/** The registry of shows as this process follows it. */
export const openShows = (log: Log, name: string): Promise<StateMap> =>
  openStateMap({ log, topic: STATE_TOPICS.show.name, group: `shows-${name}` })

/** Which show declared a stream; kept as an index, since the collector asks for each report without a show. */
export function showsByStream(map: StateMap): (tenant: string, stream: string) => string | undefined {
  let index = new Map<string, string>()
  const rebuild = (): void => {
    index = new Map()
    for (const text of map.values.values()) {
      const { tenant = 'demo', show, streams } = JSON.parse(text) as ShowEntry
      for (const { stream } of streams) index.set(`${tenant}\0${stream}`, show)
    }
  }
  map.onChange(rebuild)
  rebuild()
  return (tenant, stream) => index.get(`${tenant}\0${stream}`)
}
