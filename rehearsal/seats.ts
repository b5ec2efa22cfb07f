import { DRAWN, type Drawn } from './drawn.ts'
import { chooser, type Random } from './random.ts'
import type { Shares, Stage, Trouble } from './stage.ts'

const OS: Readonly<Record<string, string>> = { phone: 'android', tablet: 'ios', desktop: 'windows' }

/** Who the viewers are: values by seat, and which faults could reach them. */
export class Seats {
  readonly count: number
  /** Bits of the faults whose place a viewer is in. */
  readonly mask: Uint32Array
  readonly session: Float64Array
  private readonly codes: Record<Drawn, Uint8Array>
  private readonly names: Record<Drawn, readonly string[]>
  private readonly choose: Record<Drawn, (random: Random) => number>
  private readonly edges: string[][]
  private readonly troubles: readonly Trouble[]
  private sessions = 0

  constructor(count: number, { topology, troubles }: Stage) {
    this.count = count
    this.mask = new Uint32Array(count)
    this.session = new Float64Array(count)
    this.troubles = troubles
    const shares: Record<Drawn, Shares> = {
      app: topology.apps,
      cdn: topology.cdns,
      region: topology.regions,
      isp: topology.isps,
      device: topology.devices,
      rendition: topology.renditions,
      player_version: topology.player_versions,
      network: topology.networks,
    }
    const by = <T>(make: (name: Drawn) => T) =>
      Object.fromEntries(DRAWN.map((name) => [name, make(name)])) as Record<Drawn, T>
    this.codes = by(() => new Uint8Array(count))
    this.names = by((name) => shares[name].names)
    this.choose = by((name) => chooser(shares[name].weights))
    this.edges = topology.cdns.names.map((cdn) => topology.regions.names.map((region) => `${cdn}-${region}`))
  }

  /** Somebody new sits down. */
  draw(seat: number, random: Random): void {
    for (const name of DRAWN) this.codes[name][seat] = this.choose[name](random)
    this.sessions += 1
    this.session[seat] = this.sessions
    let mask = 0
    for (const { place, bit } of this.troubles) {
      if (Object.entries(place).every(([name, value]) => this.value(seat, name) === value)) mask |= 1 << bit
    }
    this.mask[seat] = mask
  }

  /** The same person comes back: another session from the same place. */
  again(seat: number): void {
    this.sessions += 1
    this.session[seat] = this.sessions
  }

  code = (seat: number, name: Drawn): number => this.codes[name][seat]!

  value(seat: number, name: string): string {
    if (name === 'os') return OS[this.value(seat, 'device')] ?? 'other'
    if (name === 'edge') return this.edges[this.codes.cdn[seat]!]![this.codes.region[seat]!]!
    if (name === 'country') return 'CN'
    if (name === 'player') return 'hls.js'
    const codes = this.codes[name as Drawn]
    return codes === undefined ? '' : this.names[name as Drawn][codes[seat]!]!
  }
}

/** Columns of a viewer, in the order in which they are written. */
export const VIEWER_COLUMNS = [...DRAWN, 'os', 'edge', 'country', 'player'] as const
