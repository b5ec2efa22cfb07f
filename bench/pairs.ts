import { rehearse } from '../main/rehearse.ts'
import { playRooms } from '../processor/watch/testing/rooms.ts'
import { SeveralShows } from '../processor/watch/testing/severalShows.ts'
import { type FaultKind, faultSpec } from '../rehearsal/faultKinds.ts'
import type { Scenario } from '../rehearsal/scenarioSchema.ts'
import type { BenchOptions } from './run.ts'

type Fault = NonNullable<Scenario['faults']>[number]

/** Twelve faults in different places. */
const FAULTS: readonly { readonly kind: FaultKind; readonly place?: Fault['place'] }[] = [
  { kind: 'encoder_fps_drop' },
  { kind: 'uplink_collapse' },
  { kind: 'transcode_stall' },
  { kind: 'origin_5xx' },
  { kind: 'cdn_outage', place: { cdn: 'cdn-b', region: 'Guangdong' } },
  { kind: 'player_bug', place: { player_version: '5.2.0' } },
  { kind: 'bandwidth_collapse', place: { isp: 'unicom' } },
  { kind: 'app_crash', place: { app: 'video' } },
  { kind: 'gateway_overload' },
  { kind: 'interaction_failure' },
  { kind: 'prize_pool_drain' },
  { kind: 'bot_flood' },
]
const FIRST_S = 120
const APART_S = 15

const isGame = ({ kind }: (typeof FAULTS)[number]): boolean => faultSpec(kind).hop === 'interaction'

/** Of different families, or in the picture with a place each: what is everywhere hides everything else in its family. */
const isUnrelated = (a: (typeof FAULTS)[number], b: (typeof FAULTS)[number]): boolean =>
  a !== b && (isGame(a) !== isGame(b) || (a.place !== undefined && b.place !== undefined))

/**
 * Two unrelated faults at once: every ordered pair in different places and families, the second fifteen seconds after the first;
 * and one cause in many streams. `first=NAME` limits the pairs to those that begin with that fault.
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const only = args.find((each) => each.startsWith('first='))?.slice(6)
  const seconds: number[] = []
  let missed = 0
  for (const a of FAULTS) {
    if (only !== undefined && a.kind !== only) continue
    for (const b of FAULTS) {
      if (!isUnrelated(a, b)) continue
      const fault = (each: (typeof FAULTS)[number], at_s: number): Fault => ({
        ...each,
        at_s,
        for_s: 60,
        severity: 0.9,
      })
      const card = await rehearse({
        scenario: {
          title: `${a.kind}, then ${b.kind}`,
          length_s: 210,
          audience: { viewers: 200, interactions: 0.05 },
          faults: [fault(a, FIRST_S), fault(b, FIRST_S + APART_S)],
        },
      })
      const second = card.faults[1]!.seconds_to_page
      if (second === null) missed += 1
      else seconds.push(second)
      if (!json) console.log(`${a.kind}, then ${b.kind}: ${second ?? 'no page'}`)
    }
  }
  seconds.sort((x, y) => x - y)
  report(json, 'second-page-p95', seconds[Math.ceil(seconds.length * 0.95) - 1] ?? Number.NaN, 's', 6, {
    pairs: seconds.length + missed,
    missed,
    median: seconds[seconds.length >> 1],
  })
  if (only !== undefined) return
  report(json, 'cdn-fault-12-streams-3-shows', pagesOfShows(), 'pages', 1, {})
  const rooms = playRooms({ rooms: 200, viewers: 30, stalling: 2, from_s: 60, length_s: 90 })
  report(json, 'cdn-fault-200-rooms', rooms.filter(({ notify }) => notify === 'page').length, 'pages', 1, {})
}

function pagesOfShows(): number {
  const shows = new SeveralShows(
    Array.from({ length: 12 }, (_, index) => ({
      title: 'One of twelve',
      show: `show-${index % 3}`,
      stream: `stream-${index}`,
      length_s: 140,
      audience: { viewers: 100, interactions: 0.02 },
      faults: [{ kind: 'cdn_outage' as const, at_s: 70, for_s: 50, severity: 0.9, place: { cdn: 'cdn-b' } }],
    })),
  )
  shows.play(160)
  return shows.pages.length
}

function report(
  json: boolean,
  name: string,
  value: number,
  unit: string,
  reference: number,
  more: Readonly<Record<string, number | undefined>>,
): void {
  const result = { bench: 'pairs', case: name, value, unit, reference, ratio: value / reference, ...more }
  console.log(
    json ? JSON.stringify(result) : `${name}: ${value} ${unit} (aim ${reference}) ${JSON.stringify(more)}`,
  )
}
