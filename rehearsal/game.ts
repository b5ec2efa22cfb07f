import type { Audience } from './audience.ts'
import { columnsOf } from './audience.ts'
import { VIEWER_COLUMNS } from './seats.ts'
import type { Pulse, Stage, Trouble } from './stage.ts'

const NETWORK_MS = 40
const ACTIONS = ['like', 'like', 'comment', 'card', 'coupon']

interface Tank {
  readonly resource: string
  readonly node: string
  readonly sense: 'stock' | 'load'
  readonly capacity: number
  level: number
  next_ms: number
  seq: number
}

/** Interactions of the viewers, the rounds, what they use up, and the bots. */
export class Game {
  private readonly stage: Stage
  private readonly audience: Audience
  private readonly tanks: readonly Tank[]
  private readonly columns: ReturnType<typeof columnsOf>
  private done_ms = 0
  private bots = 0
  /** Interactions since the gauges were read last. */
  private lately = 0
  private overload = 0

  constructor(stage: Stage, audience: Audience) {
    this.stage = stage
    this.audience = audience
    this.columns = columnsOf(stage.rows.of('interaction'))
    const { scenario, pulses, topology, random } = stage
    const most = Math.max(
      (scenario.audience.interactions ?? 0.02) * 3,
      ...pulses.map(({ interactions, joins }) => interactions * (1 + joins)),
    )
    this.tanks = topology.resources.map(({ resource, node, sense, capacity }) => ({
      resource,
      node,
      sense,
      // Sized so that the busiest planned round takes it to half.
      capacity: sense === 'load' ? Math.max(20, (scenario.audience.viewers * most) / 0.5) : capacity,
      level: sense === 'load' ? 0 : capacity,
      next_ms: 500 + random.next() * 500,
      seq: 0,
    }))
  }

  advance(to_ms: number): void {
    while (this.done_ms + 100 <= to_ms) {
      this.done_ms += 100
      this.step(this.done_ms)
    }
  }

  private step(now: number): void {
    const { random, scenario, pulses, troubles } = this.stage
    const pulse = pulses.find(({ from_ms, to_ms }) => now >= from_ms && now < to_ms)
    const rate = pulse ? pulse.interactions : (scenario.audience.interactions ?? 0.02)
    const count = random.events((this.audience.alive * rate) / 10)
    for (let i = 0; i < count; i += 1) {
      const seat = this.audience.anyone()
      if (seat >= 0) this.interact(seat, now, pulse)
    }
    this.lately += count
    const flood = troubles.find(({ kind, active }) => kind === 'bot_flood' && active)
    if (flood) this.flood(flood, now)
    for (const tank of this.tanks) this.gauge(tank, now, pulse)
  }

  private interact(seat: number, now: number, pulse: Pulse | undefined): void {
    const { random, rows, troubles, normal } = this.stage
    const mask = this.audience.seats.mask[seat]!
    let failure = normal.interaction_failures
    let slow = 1
    for (const trouble of troubles) {
      if (!trouble.active || (mask & (1 << trouble.bit)) === 0) continue
      const { interaction_failures = 0, slow_interactions = 1 } = trouble.spec.felt
      if (interaction_failures === 0) continue
      const amount =
        trouble.kind === 'gateway_overload'
          ? trouble.severity * Math.max(0, Math.min(1, this.overload))
          : trouble.severity
      failure = Math.max(failure, interaction_failures * amount)
      slow = Math.max(slow, 1 + (slow_interactions - 1) * amount)
      if (amount > 0) this.stage.affected(trouble, now)
    }
    const failed = random.chance(failure)
    const writer = rows.of('interaction')
    const c = this.columns
    for (let i = 0; i < VIEWER_COLUMNS.length; i += 1)
      writer.set(c.viewer[i]!, this.audience.seats.value(seat, VIEWER_COLUMNS[i]!))
    writer.set(c.session, `s${this.audience.seats.session[seat]}`)
    writer.set(c.seq, this.audience.nextSeq(seat))
    writer.set(c.event_time, this.stage.start_time + now)
    writer.set(c.received_time, this.stage.start_time + now + NETWORK_MS)
    writer.set(c.at('action'), pulse ? 'red_packet' : ACTIONS[Math.floor(random.next() * ACTIONS.length)]!)
    if (pulse) writer.set(c.at('round'), pulse.round)
    writer.set(c.at('outcome'), failed ? (random.chance(0.5) ? 'timeout' : 'failed') : 'success')
    writer.set(c.at('rtt_ms'), random.about(70, 0.35) * slow * (pulse ? 1.4 : 1))
    writer.end()
  }

  private flood(flood: Trouble, now: number): void {
    const { random, scenario, rows, topology, start_time } = this.stage
    const viewers = Math.max(50, this.audience.alive)
    const rate = Math.max(20, viewers * (scenario.audience.interactions ?? 0.02) * 6) * flood.severity
    const count = random.events(rate / 10)
    if (count > 0) this.stage.affected(flood, now)
    this.lately += count * 0.2
    for (let i = 0; i < count; i += 1) {
      this.bots += 1
      rows.of('interaction').push({
        app: topology.apps.names[0]!,
        cdn: topology.cdns.names[this.bots % topology.cdns.names.length]!,
        region: topology.regions.names[this.bots % topology.regions.names.length]!,
        isp: topology.isps.names[0]!,
        device: topology.devices.names[0]!,
        os: 'android',
        country: 'CN',
        ...flood.place,
        session: `bot${this.bots % 500}`,
        seq: 1 + Math.floor(this.bots / 500),
        event_time: start_time + now,
        received_time: start_time + now + NETWORK_MS,
        action: 'like',
        outcome: 'success',
        rtt_ms: random.about(60, 0.3),
      })
    }
  }

  private gauge(tank: Tank, now: number, pulse: Pulse | undefined): void {
    const { random, troubles, rows, start_time } = this.stage
    if (tank.sense === 'stock' && pulse) {
      const uses = (pulse.drains * tank.capacity * 100) / (pulse.to_ms - pulse.from_ms)
      tank.level = Math.max(0, tank.level - uses * random.between(0.8, 1.2))
    }
    const drain = troubles.find(
      ({ kind, active, place }) =>
        kind === 'prize_pool_drain' &&
        active &&
        tank.resource === 'prize_pool' &&
        (place.node ?? tank.node) === tank.node,
    )
    // At severity 1 a full pool is gone in half a minute.
    if (drain && tank.sense === 'stock')
      tank.level = Math.max(0, tank.level - (tank.capacity / 300) * drain.severity * 1.0)
    if (now < tank.next_ms) return
    tank.next_ms += 1000
    if (tank.sense === 'load') {
      const overload = troubles.find(({ kind, active }) => kind === 'gateway_overload' && active)
      tank.level = this.lately * random.about(1, 0.03)
      this.lately = 0
      if (overload && tank.resource === 'gateway') {
        const since = (now - overload.from_ms) / 1000
        tank.level = Math.max(
          tank.level,
          tank.capacity * Math.min(1.05, (since / 2.5) * (0.7 + 0.4 * overload.severity)),
        )
        this.overload = tank.level / tank.capacity > 0.9 ? 1 : 0
        if (tank.level / tank.capacity > 0.8) this.stage.affected(overload, now)
      } else if (tank.resource === 'gateway') this.overload = 0
    } else {
      if (drain) this.stage.affected(drain, now)
      // Filled again between the rounds.
      else if (!pulse && tank.level < tank.capacity * 0.6) tank.level = tank.capacity
    }
    tank.seq += 1
    const name = tank.node ? `${tank.resource}-${tank.node}` : tank.resource
    rows.of('resource').push({
      resource: tank.resource,
      node: tank.node,
      sense: tank.sense,
      session: name,
      seq: tank.seq,
      level: tank.level,
      capacity: tank.capacity,
      event_time: start_time + now,
      received_time: start_time + now + NETWORK_MS,
    })
  }
}
