import type { Hop } from '../../../schemas/kinds/kinds.ts'
import { isBranch } from '../../../schemas/metrics.ts'
import type { Observation } from '../detect/observation.ts'
import { SIGNALS, type Signal } from '../detect/signals.ts'
import type { StreamView } from '../windows/view.ts'
import { compatible, isEverywhere, sameCause, within } from './compatible.ts'
import { excessWithin } from './excess.ts'
import { type Localise, locate, type Place } from './places.ts'

/** Where it breaks, for whom, and what was left out and why. */
export interface Verdict extends Place {
  readonly hop: Hop
  /** The observation that names the incident: what a person would be told. */
  readonly lead: Observation
  /** Why this hop, for the evidence. */
  readonly because: string
  /** Only viewers notice: every hop before the player reports and is well. */
  readonly player_only: boolean
}

/** An upstream hop counts as sick from this surprise on, nats: less than a page needs, since the symptom is certain. */
const SICK = 8
/** A cause may be seen a little after its effect: reports are a second apart. */
const SLACK_MS = 4_000
const UPSTREAM: readonly Hop[] = ['encoder', 'ingest', 'transcode', 'origin', 'edge']
const HOP_PLACES = ['cdn', 'region', 'isp', 'country', 'app', 'rendition']

export interface VerdictOptions {
  readonly view: StreamView
  /** What belongs to the incident and is bad now. Not empty. */
  readonly symptoms: readonly Observation[]
  /** Everything seen now, also what is too weak to page. */
  readonly seen: readonly Observation[]
  readonly began_ms: number
  readonly localise: Localise
  /** Hops that report on this stream. */
  readonly reporting: ReadonlySet<Hop>
}

/**
 * The earliest hop whose health explains what viewers feel. Upstream hops are gone through in the order of the data: a
 * sick one is the place if it fell ill no later than the viewers did and its scope can hold theirs.
 */
export function verdictOf(options: VerdictOptions): Verdict {
  const { symptoms } = options
  const [first] = symptoms
  if (first !== undefined && isBranch(first.metric))
    return placed(first.hop, first, { cause: first.scope, explains: 1, confidence: 0.95 }, 'branch')
  return symptoms.every(({ hop }) => hop === 'interaction') ? ofInteraction(options) : ofMedia(options)
}

function ofInteraction(options: VerdictOptions): Verdict {
  const { symptoms, seen } = options
  const own = [...symptoms, ...seen.filter(({ hop, score }) => hop === 'interaction' && score >= SICK)]
  const flood = own.find(({ rule }) => rule === 'mix')
  if (flood)
    return placed('interaction', flood, { cause: flood.scope, explains: 0.9, confidence: 0.9 }, 'flood')
  const level = best(own.filter(({ rule }) => rule === 'forecast'))
  const felt = best(symptoms.filter(({ rule }) => rule === 'baseline' || rule === 'objective'))
  if (level) {
    // An overloaded gateway explains what viewers feel; it is the place even when they feel it first.
    return placed('interaction', level, { cause: level.scope, explains: 1, confidence: 0.95 }, 'resource')
  }
  const lead = felt ?? symptoms[0]!
  return placed('interaction', lead, locatedOf(lead, options), 'felt')
}

function ofMedia(options: VerdictOptions): Verdict {
  const { symptoms, seen, view, reporting } = options
  const felt = painful(symptoms.filter(({ hop, rule }) => hop === 'player' && rule !== 'spread'))
  const spread = symptoms.find(({ rule }) => rule === 'spread')
  const player = felt ? locatedOf(felt, options) : undefined
  const onset = feltSince(symptoms)
  const sure = player !== undefined && player.explains >= 0.75 && player.confidence >= 0.5
  let partly: { observation: Observation; place: Place } | undefined
  for (const hop of UPSTREAM) {
    const sick = best(seen.filter((o) => o.hop === hop && (o.firing || o.score >= SICK)))
    if (sick === undefined) continue
    const began = Math.min(...seen.filter((o) => o.hop === hop).map(({ onset_ms }) => onset_ms))
    if (felt && began > onset + SLACK_MS) continue
    const place = hopPlace(sick, options)
    if (player === undefined) return placed(hop, sick, place, 'sick')
    if (isEverywhere(place.cause)) {
      // The whole hop is ill, but one group of viewers alone feels something: that is another matter.
      if (sure && !isEverywhere(player.cause)) continue
      return placed(hop, sick, { ...place, confidence: Math.max(place.confidence, 0.9) }, 'sick')
    }
    const together = !isEverywhere(player.cause) && compatible(place.cause, player.cause)
    // Where early stalls are too few to be placed, the hop's own place is tried on them.
    const holds =
      together || excessWithin({ view, seen: felt!, cause: place.cause, began_ms: options.began_ms }) >= 0.6
    if (!holds) {
      partly ??= { observation: sick, place }
      continue
    }
    const finer =
      together && Object.keys(player.cause).length >= Object.keys(place.cause).length ? player : place
    return placed(hop, felt!, { ...finer, confidence: Math.max(finer.confidence, place.confidence) }, 'sick')
  }
  if (player === undefined || felt === undefined) {
    const lead = spread ?? best(symptoms)!
    return placed(lead.hop, lead, { cause: lead.scope, explains: 1, confidence: 0.8 }, 'felt')
  }
  if (partly && !sure) return placed(partly.observation.hop, partly.observation, partly.place, 'partly')
  const clean = UPSTREAM.filter((hop) => reporting.has(hop))
  if ('cdn' in player.cause || 'edge' in player.cause) return placed('edge', felt, player, 'behind')
  const stalls = seen.some(
    ({ metric, firing, scope }) =>
      (metric.startsWith('rebuffering') || metric === 'playback_failure') && (firing || isEverywhere(scope)),
  )
  if (felt.metric === 'live_latency' && isEverywhere(player.cause) && !stalls) {
    // Nobody can fall behind without standing still: what moved is the clock in the stream.
    return placed('encoder', felt, player, 'clock')
  }
  if (isEverywhere(player.cause) && clean.length === 0 && view.first_ms < options.began_ms) {
    return placed('origin', felt, player, 'upstream')
  }
  return { ...placed('player', felt, player, 'player'), player_only: clean.length > 0 }
}

/**
 * Since when viewers feel it. What is unusual over a window has the window's begin for an onset, which can be a minute early, so it counts
 * only where nothing else says more exactly when it began.
 */
function feltSince(symptoms: readonly Observation[]): number {
  const felt = symptoms.filter(({ hop, rule }) => hop === 'player' && rule !== 'objective')
  const exact = felt.filter(({ rule }) => rule !== 'unusual')
  return Math.min(...(exact.length > 0 ? exact : felt).map(({ onset_ms }) => onset_ms))
}

const placed = (hop: Hop, lead: Observation, place: Place, because: string): Verdict => ({
  hop,
  lead,
  cause: place.cause,
  explains: place.explains,
  confidence: place.confidence,
  because,
  player_only: false,
})

/** The surest of several. */
const best = (observations: readonly Observation[]): Observation | undefined => {
  let found: Observation | undefined
  for (const observation of observations)
    if (found === undefined || rank(observation) > rank(found)) found = observation
  return found
}
const rank = ({ score, threshold, rule }: Observation): number =>
  score / threshold - (rule === 'objective' ? 100 : 0)

/** What hurts viewers most, of what is certain: an incident is told by it. */
const PAIN = [
  'concurrent_plays',
  'playback_failure',
  'rebuffering_frequency',
  'rebuffering_ratio',
  'video_start_failure',
  'video_startup_time',
]
function painful(observations: readonly Observation[]): Observation | undefined {
  const certain = observations.filter(({ firing, rule }) => firing && rule !== 'objective')
  for (const metric of PAIN) {
    const found = best(certain.filter((entry) => entry.metric === metric))
    if (found) return found
  }
  return best(observations)
}

const signalOf = (observation: Observation): Signal | undefined =>
  SIGNALS.find(({ metric, hop }) => metric === observation.metric && hop === observation.hop)

function locatedOf(observation: Observation, options: VerdictOptions): Place {
  const signal = signalOf(observation)
  if (signal === undefined || observation.rule === 'absence') return narrowest(observation, options)
  const { view, localise, began_ms } = options
  const { onset_ms, window_ms } = observation
  return locate({ view, signal, onset_ms, clean_to_ms: began_ms, localise, window_ms })
}

/** A metric that is no quotient was placed when it was seen; if a part of it was seen too that is most of it, by that part. */
function narrowest(observation: Observation, { symptoms, view, began_ms }: VerdictOptions): Place {
  const { metric, rule, scope } = observation
  const parts = symptoms.filter(
    (symptom) => symptom.metric === metric && symptom.rule === rule && within(symptom.scope, scope),
  )
  let found: Place = { cause: scope, explains: 1, confidence: 0.8 }
  for (const { scope: cause } of parts) {
    const explains = sameCause(cause, scope) ? 0 : excessWithin({ view, seen: observation, cause, began_ms })
    if (explains >= 0.75) found = { cause, explains: Math.min(1, explains), confidence: 0.9 }
  }
  return found
}

/** Which part of a hop is ill: by delivery first, then by node. */
function hopPlace(observation: Observation, options: VerdictOptions): Place {
  const signal = signalOf(observation)
  if (signal === undefined || observation.rule === 'absence') {
    return { cause: observation.scope, explains: 1, confidence: 0.95 }
  }
  const { view, localise, began_ms } = options
  const base = { view, signal, onset_ms: observation.onset_ms, clean_to_ms: began_ms, localise }
  const delivery = locate({ ...base, dimensions: HOP_PLACES })
  if (!isEverywhere(delivery.cause)) return delivery
  if (observation.hop !== 'edge' && observation.hop !== 'transcode') return { ...delivery, confidence: 0.95 }
  const nodes = locate({ ...base, dimensions: ['node', 'edge'] })
  if (nodes.explains >= 0.9 && nodes.confidence >= 0.5) return nodes
  return isEverywhere(delivery.cause) ? { ...delivery, confidence: 0.9 } : delivery
}
