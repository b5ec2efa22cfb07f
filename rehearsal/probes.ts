import type { Stage } from './stage.ts'

const EVERY_MS = 10_000

interface Probe {
  readonly region: string
  readonly target: string
  readonly hop: 'origin' | 'edge'
  readonly cdn: string
  next_ms: number
  seq: number
}

/** Synthetic checks of the origin and of every CDN, from a few regions, every ten seconds. */
export class Probes {
  private readonly stage: Stage
  private readonly probes: readonly Probe[]

  constructor(stage: Stage) {
    this.stage = stage
    const { topology, random } = stage
    this.probes = topology.probe_regions.flatMap((region) => [
      {
        region,
        target: 'origin',
        hop: 'origin' as const,
        cdn: '',
        next_ms: 3000 + random.next() * EVERY_MS,
        seq: 0,
      },
      ...topology.cdns.names.map((cdn) => ({
        region,
        target: cdn,
        hop: 'edge' as const,
        cdn,
        next_ms: 3000 + random.next() * EVERY_MS,
        seq: 0,
      })),
    ])
  }

  advance(to_ms: number): void {
    for (const probe of this.probes) {
      while (probe.next_ms <= to_ms) {
        this.check(probe, probe.next_ms)
        probe.next_ms += EVERY_MS
      }
    }
  }

  private check(probe: Probe, now: number): void {
    const { random, troubles, rows, start_time } = this.stage
    let failing = 0
    let reason = ''
    for (const trouble of troubles) {
      if (!trouble.active) continue
      const { kind, place, severity } = trouble
      const ill =
        kind === 'origin_5xx'
          ? severity * 0.6
          : kind === 'cdn_outage' &&
              (place.cdn ?? probe.cdn) === probe.cdn &&
              probe.cdn !== '' &&
              (place.region ?? probe.region) === probe.region &&
              place.isp === undefined
            ? severity
            : (kind === 'encoder_killed' || kind === 'encoder_cut' || kind === 'planned_break') &&
                now > trouble.from_ms + 6000
              ? 1
              : 0
      if (ill > failing) {
        failing = ill
        reason =
          kind === 'cdn_outage'
            ? 'segment_status'
            : kind === 'origin_5xx'
              ? 'manifest_status'
              : 'live_edge_stands_still'
      }
    }
    const failed = random.chance(failing)
    probe.seq += 1
    rows.of('probe').push({
      target: probe.target,
      hop: probe.hop,
      region: probe.region,
      cdn: probe.cdn,
      session: `probe-${probe.region}-${probe.target}`,
      seq: probe.seq,
      synthetic: true,
      verdict: failed ? 'failed' : 'healthy',
      reason: failed ? reason : '',
      startup_ms: random.about(500, 0.1),
      freshness_ms: random.about(2000, 0.1),
      event_time: start_time + now,
      received_time: start_time + now + 50,
    })
  }
}
