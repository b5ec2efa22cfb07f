import { type Background, createBackground } from './background.ts'
import { type FaultKind, type FaultSpec, faultSpec } from './faultKinds.ts'
import { createRandom, type Random } from './random.ts'
import type { Rows } from './rows.ts'
import type { Scenario } from './scenarioSchema.ts'

/** A fault of the running show. Times are ms from the start. */
export interface Trouble {
  readonly id: string
  readonly kind: FaultKind | 'planned_break'
  /** Of a planned break: how the encoder goes. */
  readonly how?: 'goodbye' | 'maintenance'
  readonly spec: FaultSpec
  readonly place: Readonly<Record<string, string>>
  readonly severity: number
  readonly from_ms: number
  readonly to_ms: number
  readonly bit: number
  active: boolean
  /** When the first beacon came that shows it (or the first that ought to have come and did not); −1 before. */
  first_affected_ms: number
}

export interface Pulse {
  readonly from_ms: number
  readonly to_ms: number
  readonly interactions: number
  readonly joins: number
  readonly drains: number
  /** Coupons in its box; 0: it has none. */
  readonly rewards: number
  readonly round: string
}

/** Names with their shares. */
export interface Shares {
  readonly names: readonly string[]
  readonly weights: readonly number[]
}

/** What all parts of a show share. Times are ms from the start unless they end in `_time`. */
export interface Stage {
  readonly scenario: Scenario
  readonly random: Random
  readonly background: Background
  readonly rows: Rows
  readonly start_time: number
  readonly length_ms: number
  readonly troubles: readonly Trouble[]
  readonly pulses: readonly Pulse[]
  readonly topology: Topology
  readonly normal: Required<NonNullable<Scenario['normal']>>
  /** Notes that a beacon shows a fault. */
  affected(trouble: Trouble, at_ms: number): void
  /** The stream does not leave the encoder, for whatever reason; the encoder says so, or nothing. */
  outage(): 'none' | 'cut' | 'killed' | 'goodbye'
}

export interface Topology {
  readonly encoders: readonly string[]
  readonly ingests: readonly string[]
  readonly transcodes: readonly string[]
  readonly origins: readonly string[]
  readonly cdns: Shares
  readonly regions: Shares
  readonly isps: Shares
  readonly devices: Shares
  readonly renditions: Shares
  readonly player_versions: Shares
  readonly networks: Shares
  readonly apps: Shares
  readonly resources: readonly { resource: string; node: string; sense: 'stock' | 'load'; capacity: number }[]
  readonly probe_regions: readonly string[]
  readonly silent: ReadonlySet<string>
}

const shares = (
  given: Readonly<Record<string, number>> | undefined,
  usual: Readonly<Record<string, number>>,
): Shares => {
  const all = given ?? usual
  return { names: Object.keys(all), weights: Object.values(all) }
}

/** The parts of a scenario’s link and audience, with what it leaves out filled in. */
export function topologyOf({ topology = {}, audience }: Scenario): Topology {
  const regions = shares(topology.regions, {
    Guangdong: 0.3,
    Zhejiang: 0.25,
    Beijing: 0.2,
    Sichuan: 0.15,
    Hubei: 0.1,
  })
  return {
    encoders: topology.encoders ?? ['encoder-1'],
    ingests: topology.ingests ?? ['ingest-1'],
    transcodes: topology.transcodes ?? ['transcode-1'],
    origins: topology.origins ?? ['origin-1'],
    cdns: shares(topology.cdns, { 'cdn-a': 0.5, 'cdn-b': 0.3, 'cdn-c': 0.2 }),
    regions,
    isps: shares(topology.isps, { telecom: 0.45, unicom: 0.3, mobile: 0.25 }),
    devices: shares(topology.devices, { phone: 0.75, tablet: 0.1, desktop: 0.15 }),
    renditions: shares(topology.renditions, { '1080p': 0.3, '720p': 0.5, '480p': 0.2 }),
    player_versions: shares(topology.player_versions, { '5.1.0': 0.6, '5.2.0': 0.3, '4.9.3': 0.1 }),
    networks: shares(topology.networks, { wifi: 0.6, '5g': 0.25, '4g': 0.15 }),
    apps: shares(audience.apps, { shop: 0.6, video: 0.3, news: 0.1 }),
    resources: (
      topology.resources ?? [
        { resource: 'gateway', sense: 'load' as const },
        { resource: 'prize_pool', sense: 'stock' as const },
      ]
    ).map((entry) => ({ node: '', capacity: 1_000_000, ...entry })),
    probe_regions: topology.probe_regions ?? regions.names.slice(0, 3),
    silent: new Set(topology.silent ?? []),
  }
}

function pulsesOf({ audience, length_s }: Scenario): Pulse[] {
  return (audience.pulses ?? []).flatMap((pulse, i) => {
    const starts: number[] = []
    for (let at = pulse.at_s; at < length_s; at += pulse.every_s ?? Number.POSITIVE_INFINITY) starts.push(at)
    return starts.map((at, n) => ({
      from_ms: at * 1000,
      to_ms: (at + pulse.for_s) * 1000,
      interactions: pulse.interactions ?? 0.3,
      joins: pulse.joins ?? 0.1,
      drains: pulse.drains ?? 0.1,
      rewards: pulse.rewards ?? 0,
      round: pulse.round ?? `round-${i + 1}-${n + 1}`,
    }))
  })
}

/** Sets the stage of a scenario. */
export function createStage({
  scenario,
  rows,
  start_time,
  seed,
}: {
  scenario: Scenario
  rows: Rows
  start_time: number
  seed: number
}): Stage {
  const troubles = (scenario.faults ?? []).map((fault, bit): Trouble => {
    const spec = faultSpec(fault.kind)
    return {
      id: fault.id ?? fault.kind,
      kind: fault.kind,
      spec,
      place: fault.place ?? spec.place ?? {},
      severity: fault.severity ?? 0.8,
      from_ms: fault.at_s * 1000,
      to_ms: (fault.at_s + fault.for_s) * 1000,
      bit,
      active: false,
      first_affected_ms: -1,
    }
  })
  for (const { at_s, for_s, how } of scenario.breaks ?? []) {
    troubles.push({
      id: `break-${at_s}`,
      kind: 'planned_break',
      how,
      spec: { help: 'A planned break.', hop: 'encoder', felt: { drain: 1 } },
      place: {},
      severity: 1,
      from_ms: at_s * 1000,
      to_ms: (at_s + for_s) * 1000,
      bit: troubles.length,
      active: false,
      first_affected_ms: -1,
    })
  }
  const normal = {
    stalls_per_minute: 0.04,
    unrest: 1,
    first_screen_ms: 620,
    live_latency_ms: 1800,
    app_latency_ms: {},
    fps: 30,
    key_frame_interval_ms: 2000,
    bitrate_kbps: 4000,
    start_failures: 0.002,
    interaction_failures: 0.001,
    ...scenario.normal,
  }
  return {
    scenario,
    random: createRandom(seed),
    background: createBackground({ seed, ...normal }),
    rows,
    start_time,
    length_ms: scenario.length_s * 1000,
    troubles,
    pulses: pulsesOf(scenario),
    topology: topologyOf(scenario),
    normal,
    affected(trouble, at_ms) {
      if (trouble.first_affected_ms < 0 || at_ms < trouble.first_affected_ms)
        trouble.first_affected_ms = at_ms
    },
    outage() {
      for (const { kind, how, active } of troubles) {
        if (!active) continue
        if (kind === 'encoder_killed') return 'killed'
        if (kind === 'encoder_cut') return 'cut'
        if (kind === 'planned_break') return how === 'goodbye' ? 'goodbye' : 'cut'
      }
      return 'none'
    },
  }
}
