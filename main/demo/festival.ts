import { readFileSync } from 'node:fs'
import { faultSpec } from '../../rehearsal/faultKinds.ts'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
import { playLive } from '../../rehearsal/playLive.ts'
import type { Scenario } from '../../rehearsal/scenarioSchema.ts'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { PlanStep } from '../../schemas/showPlan.ts'
import { expectedError } from '../expectedError.ts'
import { bookingsOf } from './bookings.ts'
import { BESIDE, RELEASE_S, roomEvents } from './room.ts'

const FILE = new URL('../../rehearsal/shows/festival.yaml', import.meta.url)
const SHOW = 'festival'
const STREAM = 'main'
/** Sessions that say when they showed a round's cue, and how late each app is against the trigger. */
const WITNESSES = 60
const SHOWN_AFTER_MS: Readonly<Record<string, number>> = { shop: 1_600, video: 1_750, news: 2_600 }
const LOOK_MS = 500

export interface FestivalOptions {
  readonly collector: string
  readonly page: string
  readonly clock: () => number
  /** A server key: the show also says what encoders and edges would. */
  readonly key: string
  readonly say: (line: string) => void
}

interface Moment {
  readonly at_s: number
  readonly line: string
}

const minute = (second: number): string =>
  `${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`

/** Rounds of the scenario: their number, and when each opens. */
function roundsOf({
  audience: { pulses = [] },
  length_s,
}: Scenario): readonly { at_s: number; round: string }[] {
  const times = pulses.flatMap(({ at_s, every_s = length_s, round }, pulse) =>
    Array.from({ length: Math.ceil((length_s - at_s) / every_s) }, (_, at) => ({
      at_s: at_s + at * every_s,
      round: round ?? `round-${pulse + 1}-${at + 1}`,
    })),
  )
  return times.sort((a, b) => a.at_s - b.at_s)
}

/** The cue of a round on its way: triggered, inserted and emitted by the studio, shown by players of each app. */
export function cuesOf(round: string, triggered_ms: number): BeaconEvent[] {
  const common = { kind: 'cue', show: SHOW, stream: STREAM, round } as const
  const studio = (['triggered', 'inserted', 'emitted'] as const).map((stage, index) => ({
    ...common,
    stage,
    time_ms: triggered_ms + index * 120,
    since_trigger_ms: index * 120,
  }))
  const apps = Object.entries(SHOWN_AFTER_MS)
  const shown = Array.from({ length: WITNESSES }, (_, index) => {
    const [app, after_ms] = apps[index % apps.length]!
    const since_trigger_ms = after_ms + ((index * 37) % 200)
    return {
      ...common,
      ...{ stage: 'shown' as const, app, session: `witness-${index}`, since_trigger_ms },
      time_ms: triggered_ms + since_trigger_ms,
      skew_ms: (index * 13) % 60,
    }
  })
  return [...studio, ...shown] as BeaconEvent[]
}

const RELEASE: BeaconEvent = {
  kind: 'change',
  show: SHOW,
  player_version: '4.9.3',
  changed: 'player',
  version: '4.9.3',
  detail: 'rolled out to a fifth of the viewers',
  by: 'release job',
}

/** What the show's people know beforehand, as lines to be said at their time. */
function momentsOf(scenario: Scenario): Moment[] {
  const faults = (scenario.faults ?? []).flatMap(({ kind, at_s, for_s, place }) => [
    { at_s, line: `fault: ${kind}${place === undefined ? '' : ` of ${Object.values(place).join(', ')}`}` },
    { at_s: at_s + for_s, line: `mended: ${kind}` },
  ])
  const rounds = roundsOf(scenario).map(({ at_s, round }) => ({ at_s, line: `${round} opens` }))
  const { from_s, to_s } = BESIDE.push_gone
  const beside = [
    { at_s: BESIDE.publisher_refused, line: 'fault: the rightful encoder is refused' },
    { at_s: BESIDE.recording_lost, line: 'fault: a recording is lost' },
    { at_s: from_s, line: 'fault: the push to the partner ends' },
    { at_s: to_s, line: 'mended: the push to the partner' },
    { at_s: RELEASE_S, line: 'release: player 4.9.3' },
  ]
  return [
    ...faults,
    ...beside,
    ...rounds,
    { at_s: scenario.length_s, line: 'the show is over. Ctrl-C ends the demo.' },
  ].sort((a, b) => a.at_s - b.at_s)
}

/**
 * A show of ten minutes, in real time: an audience in three apps, rounds with their cues and a prize pool, and twelve faults, each
 * said when it comes and when the watcher has found it.
 */
export async function startFestival(options: FestivalOptions): Promise<{ stop(): Promise<void> }> {
  const { collector, page, clock, key, say } = options
  const parsed = parseScenario(readFileSync(FILE, 'utf8'))
  if ('errors' in parsed) throw expectedError(`festival.yaml: ${parsed.errors[0]!.message}`)
  const { scenario } = parsed
  await declare(page, scenario)
  const rounds = [...roundsOf(scenario)]
  const moments = momentsOf(scenario)
  const booked = bookingsOf(scenario, [], { show: SHOW, stream: STREAM })
  const releases = [RELEASE]
  let reported = -1
  const player = playLive({
    ...{ url: collector, clock, key, scripted: true },
    scenario: { ...scenario, show: SHOW, stream: STREAM },
    beside(second) {
      while (moments.length > 0 && moments[0]!.at_s <= second) {
        const { at_s, line } = moments.shift()!
        say(`${minute(at_s)}  ${line}`)
      }
      const due = rounds.filter(({ at_s }) => at_s <= second)
      rounds.splice(0, due.length)
      return [
        ...due.flatMap(({ round }) => cuesOf(round, clock())),
        ...booked(second, clock()),
        ...Array.from({ length: second - reported }, (_, at) => reported + 1 + at).flatMap((each) => {
          reported = each
          return roomEvents(each, { show: SHOW, stream: STREAM })
        }),
        ...(second < RELEASE_S ? [] : releases.splice(0)),
      ]
    },
  })
  say(`${scenario.title}: ${scenario.audience.viewers} viewers in three apps. ${page}/?show=${SHOW}`)
  const known = new Set<string>()
  const timer = setInterval(() => void tellIncidents({ page, say, reported: known }), LOOK_MS)
  return {
    async stop() {
      clearInterval(timer)
      await player.stop()
      const failures = player.failures()
      if (failures > 0) say(`${failures} beacons were not taken.`)
    },
  }
}

/** The scenario's plan as the steps of a live show: a step for a fault answers incidents of its hop. */
function stepsOf({ plan = [], faults = [] }: Scenario): PlanStep[] {
  return plan.map(({ level, who, does, within_s, for: fault }, index) => {
    const kind = faults.find(({ id, kind }) => (id ?? kind) === fault)?.kind
    return {
      step: `${level}-${index + 1}`,
      level: level as PlanStep['level'],
      ...{ who, does, within_s },
      hop: kind && faultSpec(kind).hop,
      // The standby encoder's picture arrives: nobody has to tick that.
      seen:
        level === 'standby' && kind === 'encoder_killed' ? { metric: 'ingest_fps', at_least: 20 } : undefined,
    }
  })
}

/** The show is declared with its stream, apps, audience and plan, as an operator would; delivery ticks its check. */
async function declare(page: string, scenario: Scenario): Promise<void> {
  const { audience, length_s, title } = scenario
  const begins = new Date(Date.now() + 2_000)
  const entry = {
    steps: stepsOf(scenario),
    title,
    streams: [{ stream: STREAM, apps: Object.keys(audience.apps ?? {}) }],
    starts: begins.toISOString(),
    ends: new Date(begins.getTime() + length_s * 1000).toISOString(),
    viewers: audience.viewers,
  }
  const put = (path: string, body: object) =>
    fetch(`${page}/api/${path}`, { method: 'PUT', body: JSON.stringify(body) }).catch(() => undefined)
  await put(`registry/${SHOW}`, entry)
  const check = entry.steps.find(({ level }) => level === 'check')
  if (check !== undefined) await put(`plan/${SHOW}/${check.step}`, { state: 'done', by: 'delivery' })
}

async function tellIncidents({
  page,
  say,
  reported,
}: Pick<FestivalOptions, 'page' | 'say'> & { readonly reported: Set<string> }): Promise<void> {
  const answer = await fetch(`${page}/api/incidents?show=${SHOW}`).catch(() => undefined)
  if (answer?.ok !== true) return
  const incidents = (await answer.json()) as {
    readonly id: string
    readonly hop: string
    readonly state: string
    readonly reopened: number
    readonly summary_en: string
  }[]
  for (const { id, hop, state, reopened, summary_en } of incidents) {
    const what = `${id} ${state} ${reopened}`
    if (reported.has(what)) continue
    reported.add(what)
    say(
      state === 'open'
        ? `      ${reopened > 0 ? 'back' : 'found'} (${hop}): ${summary_en}\n        ${page}/incident/${id}`
        : `      over: ${summary_en}`,
    )
  }
}
