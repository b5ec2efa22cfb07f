import { createRandom } from './random.ts'
import type { Scenario } from './scenarioSchema.ts'
import { topologyOf } from './stage.ts'

/** A place with fewer viewers than this is not drawn: nobody there has anything to report within seconds. */
const FEWEST_VIEWERS = 10
const MOVED_S = 10
const LONGER = 0.2
const WORSE = 0.15

/** Dimensions that a fault's place may be drawn in, with the part of the topology that lists their values. */
const DRAWN = {
  cdn: 'cdns',
  region: 'regions',
  isp: 'isps',
  device: 'devices',
  rendition: 'renditions',
  player_version: 'player_versions',
  network: 'networks',
  app: 'apps',
} as const

/**
 * A sibling of a scenario that nobody has looked at: another seed, and every fault begins at another moment, is a little
 * more or less bad, lasts a little longer or shorter and strikes another place of the same kind. What is expected moves along.
 */
export function varied(scenario: Scenario, seed: number): Scenario {
  const random = createRandom(seed)
  const topology = topologyOf(scenario)
  const moves = new Map<string, Readonly<Record<string, string>>>()

  function elsewhere(place: Readonly<Record<string, string>>): Record<string, string> {
    const names = Object.keys(place)
    for (let tries = 0; tries < 100; tries += 1) {
      let share = 1
      const drawn = names.map((name) => {
        const shares = name in DRAWN ? topology[DRAWN[name as keyof typeof DRAWN]] : undefined
        const known = shares?.names.includes(place[name]!)
        if (shares === undefined || !known) return [name, place[name]!] as const
        const at = Math.floor(random.next() * shares.names.length)
        share *= shares.weights[at]! / shares.weights.reduce((sum, weight) => sum + weight, 0)
        return [name, shares.names[at]!] as const
      })
      if (share * scenario.audience.viewers >= FEWEST_VIEWERS) return Object.fromEntries(drawn)
    }
    return { ...place }
  }

  const faults = scenario.faults?.map((fault) => {
    const place = fault.place && elsewhere(fault.place)
    if (place) moves.set(fault.id ?? fault.kind, place)
    return {
      ...fault,
      at_s: milli(Math.max(1, fault.at_s + random.between(-MOVED_S, MOVED_S))),
      for_s: milli(fault.for_s * random.between(1 - LONGER, 1 + LONGER)),
      severity: milli(Math.min(1, Math.max(0.5, (fault.severity ?? 0.8) + random.between(-WORSE, WORSE)))),
      ...(place && { place }),
    }
  })
  const expect = scenario.expect?.map((entry) => {
    const place = moves.get(entry.fault)
    return entry.cause && place
      ? {
          ...entry,
          cause: Object.fromEntries(
            Object.entries(entry.cause).map(([name, value]) => [name, place[name] ?? value]),
          ),
        }
      : entry
  })
  return { ...scenario, seed, ...(faults && { faults }), ...(expect && { expect }) }
}

const milli = (value: number): number => Math.round(value * 1000) / 1000
