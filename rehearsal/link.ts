import type { Audience } from './audience.ts'
import type { Stage, Trouble } from './stage.ts'

const NETWORK_MS = 20
/** Media requests a second of each viewer. */
const REQUESTS = 0.5

interface Node {
  readonly hop: 'encoder' | 'ingest' | 'transcode' | 'origin' | 'edge'
  readonly node: string
  readonly cdn: number
  readonly region: number
  next_ms: number
  seq: number
  /** The last word was a goodbye or a cut. */
  gone: boolean
}

/** The hops before the player: each node reports once a second. */
export class Link {
  private readonly stage: Stage
  private readonly audience: Audience
  private readonly nodes: Node[] = []

  constructor(stage: Stage, audience: Audience) {
    this.stage = stage
    this.audience = audience
    const { topology, random } = stage
    const add = (hop: Node['hop'], node: string, cdn = -1, region = -1) => {
      if (!topology.silent.has(hop))
        this.nodes.push({ hop, node, cdn, region, next_ms: 200 + random.next() * 1000, seq: 0, gone: false })
    }
    for (const node of topology.encoders) add('encoder', node)
    for (const node of topology.ingests) add('ingest', node)
    for (const node of topology.transcodes) add('transcode', node)
    for (const node of topology.origins) add('origin', node)
    topology.cdns.names.forEach((cdn, c) => {
      topology.regions.names.forEach((region, r) => {
        add('edge', `${cdn}-${region}`, c, r)
      })
    })
  }

  advance(to_ms: number): void {
    for (const node of this.nodes) {
      while (node.next_ms <= to_ms) {
        this.report(node, node.next_ms)
        node.next_ms += 1000
      }
    }
  }

  /** The stream is cut or comes back: hooks tell at once. */
  outageChanged(now_ms: number): void {
    const outage = this.stage.outage()
    for (const node of this.nodes) {
      if (node.hop === 'encoder' && outage === 'goodbye' && !node.gone) {
        node.gone = true
        this.push(node, now_ms + 10, { status: 'down', event: 'end', fps_out: 0 })
      } else if (node.hop === 'ingest' && outage !== 'none' && outage !== 'cut' && !node.gone) {
        node.gone = true
        this.push(node, now_ms + 60, { status: 'down', event: 'unpublish', bitrate_in_kbps: 0 })
        this.note(now_ms + 60)
      } else if (outage === 'none' && node.gone) {
        node.gone = false
        this.push(node, now_ms + 300, { status: 'up', event: 'publish' })
      }
    }
  }

  private note(at_ms: number): void {
    for (const trouble of this.stage.troubles)
      if (trouble.active && (trouble.kind === 'encoder_killed' || trouble.kind === 'encoder_cut'))
        this.stage.affected(trouble, at_ms)
  }

  private severity(kind: Trouble['kind']): number {
    let severity = 0
    for (const trouble of this.stage.troubles)
      if (trouble.active && trouble.kind === kind) severity = Math.max(severity, trouble.severity)
    return severity
  }

  private report(node: Node, now: number): void {
    const { random, normal } = this.stage
    const outage = this.stage.outage()
    if (outage !== 'none') {
      // What ought to have come and did not is the first sign.
      if (node.hop === 'encoder' || node.hop === 'ingest') {
        this.note(now)
        return
      }
      if (node.hop === 'transcode') {
        this.push(node, now, { speed_ratio: 0, fps_in: 0, fps_out: 0, status: 'up' })
        return
      }
    }
    const slow = this.severity('encoder_fps_drop')
    const gop = this.severity('gop_drift')
    const uplink = this.severity('uplink_collapse')
    const fps = normal.fps * (1 - 0.6 * slow) * (1 + 0.004 * (random.next() - 0.5))
    const key = normal.key_frame_interval_ms * (1 + 2.5 * gop)
    const bitrate = normal.bitrate_kbps * random.about(1, 0.03)
    if (node.hop === 'encoder') {
      this.mark(['encoder_fps_drop', 'gop_drift', 'uplink_collapse'], now)
      this.push(node, now, {
        status: 'up',
        fps_out: fps,
        bitrate_out_kbps: bitrate,
        key_frame_interval_ms: key,
        speed_ratio: 1 - 0.5 * slow,
        congestion_ratio: Math.min(1, 0.05 + 0.9 * uplink),
        frames: Math.round(fps),
      })
    } else if (node.hop === 'ingest') {
      this.mark(['encoder_fps_drop', 'gop_drift', 'uplink_collapse'], now)
      this.push(node, now, {
        status: 'up',
        fps_in: fps * (1 - 0.4 * uplink),
        bitrate_in_kbps: bitrate * (1 - 0.8 * uplink) * (1 - 0.3 * slow),
        key_frame_interval_ms: key,
      })
    } else if (node.hop === 'transcode') {
      const stall = this.severity('transcode_stall')
      this.mark(['transcode_stall'], now)
      this.push(node, now, {
        status: 'up',
        speed_ratio: (1 - 0.7 * stall) * random.about(1, 0.01),
        fps_in: fps * (1 - 0.4 * uplink),
        fps_out: fps * (1 - 0.4 * uplink) * (1 - 0.7 * stall),
      })
    } else if (node.hop === 'origin') this.reportOrigin(node, now)
    else this.reportEdge(node, now)
  }

  private reportOrigin(node: Node, now: number): void {
    const { random } = this.stage
    const requests = random.events(20 + this.audience.alive * 0.02)
    const sick = this.severity('origin_5xx')
    if (sick > 0) this.mark(['origin_5xx'], now)
    this.push(node, now, {
      status: 'up',
      requests,
      status_5xx: Math.min(requests, random.events(requests * (0.0005 + 0.4 * sick))),
      ttfb_ms: random.about(90, 0.08) * (1 + 2 * sick),
    })
  }

  private reportEdge(node: Node, now: number): void {
    const { random, topology } = this.stage
    const viewers = this.audience.present[node.cdn * this.audience.regions + node.region]!
    const requests = random.events(viewers * REQUESTS)
    let sick = 0
    for (const trouble of this.stage.troubles) {
      if (!trouble.active || trouble.kind !== 'cdn_outage') continue
      const { cdn, region, edge, ...rest } = trouble.place
      if (cdn !== undefined && cdn !== topology.cdns.names[node.cdn]) continue
      if (region !== undefined && region !== topology.regions.names[node.region]) continue
      if (edge !== undefined && edge !== node.node) continue
      const share = Object.keys(rest).length > 0 ? 0.3 : 1
      sick = Math.max(sick, trouble.severity * share)
      if (requests > 0) this.stage.affected(trouble, now)
    }
    const origin = this.severity('origin_5xx')
    const errors = Math.min(requests, random.events(requests * (0.0005 + 0.3 * sick + 0.08 * origin)))
    this.push(node, now, {
      status: 'up',
      cdn: topology.cdns.names[node.cdn]!,
      region: topology.regions.names[node.region]!,
      edge: node.node,
      requests,
      status_5xx: errors,
      cache_hits: Math.max(0, requests - errors - random.events(requests * 0.04)),
      ...(requests > 0 && {
        ttfb_ms: random.about(45, 0.25 / Math.sqrt(Math.min(requests, 50))) * (1 + 9 * sick),
      }),
      clients: viewers,
    })
  }

  private mark(kinds: readonly Trouble['kind'][], now: number): void {
    for (const trouble of this.stage.troubles)
      if (trouble.active && kinds.includes(trouble.kind)) this.stage.affected(trouble, now)
  }

  private push(node: Node, now: number, fields: Record<string, string | number>): void {
    node.seq += 1
    this.stage.rows.of('hop').push({
      hop: node.hop,
      node: node.node,
      session: node.node,
      source: 'rehearsal',
      seq: node.seq,
      interval_ms: 1000,
      event_time: this.stage.start_time + now,
      received_time: this.stage.start_time + now + NETWORK_MS,
      ...fields,
    })
  }
}
