import { HEARTBEAT_MS } from '../schemas/beacon.ts'
import type { RowWriter } from './rows.ts'
import { Seats, VIEWER_COLUMNS } from './seats.ts'
import type { Stage, Trouble } from './stage.ts'
import { Wheel } from './wheel.ts'

const NETWORK_MS = 30
const [EMPTY, STARTING, PLAYING, STALLED] = [0, 1, 2, 3]
/** A drain this complete lets nobody play again before it is over. */
const DRY = 0.95

/**
 * The viewers: each sits down, waits for the first screen, plays, stalls now and then, beats every ten seconds and at
 * once when the state changes, and leaves. Driven by a timing wheel, so that a second costs what happens in it.
 */
export class Audience {
  readonly seats: Seats
  private readonly stage: Stage
  private readonly wheel: Wheel
  private readonly state: Uint8Array
  private readonly due: Float64Array
  private readonly entered: Float64Array
  private readonly leave: Float64Array
  private readonly change: Float64Array
  private readonly nextBeat: Float64Array
  private readonly lastBeat: Float64Array
  private readonly lastChange: Float64Array
  private readonly played: Float64Array
  private readonly stalled: Float64Array
  private readonly stalls: Uint16Array
  private readonly seq: Uint32Array
  private readonly lag: Float64Array
  /** Thrown out by a fault: the same viewer comes back, not another. */
  private readonly vanished: Uint8Array
  private readonly base: number
  private readonly beatColumns: Columns
  private readonly startColumns: Columns
  /** Viewers present by cdn × region, for the edges. */
  readonly present: Int32Array
  readonly regions: number
  alive = 0

  constructor(stage: Stage) {
    const { scenario, pulses, topology } = stage
    this.stage = stage
    const most = Math.max(0, ...pulses.map(({ joins }) => joins))
    this.base = scenario.audience.viewers
    const count = this.base + Math.ceil(most * this.base)
    this.seats = new Seats(count, stage)
    this.wheel = new Wheel({ start_ms: 0 })
    this.state = new Uint8Array(count)
    const f64 = () => new Float64Array(count)
    this.due = f64()
    this.entered = f64()
    this.leave = f64()
    this.change = f64()
    this.nextBeat = f64()
    this.lastBeat = f64()
    this.lastChange = f64()
    this.played = f64()
    this.stalled = f64()
    this.lag = f64()
    this.vanished = new Uint8Array(count)
    this.stalls = new Uint16Array(count)
    this.seq = new Uint32Array(count)
    this.regions = topology.regions.names.length
    this.present = new Int32Array(topology.cdns.names.length * this.regions)
    this.beatColumns = columnsOf(stage.rows.of('heartbeat'))
    this.startColumns = columnsOf(stage.rows.of('startup'))
    const join_ms = (scenario.audience.join_s ?? 30) * 1000
    for (let seat = 0; seat < this.base; seat += 1) {
      // Two uniforms make the ramp an S: slow, fast, slow.
      this.schedule(seat, ((stage.random.next() + stage.random.next()) / 2) * join_ms)
    }
    for (let seat = this.base; seat < count; seat += 1) this.due[seat] = Number.POSITIVE_INFINITY
  }

  private schedule(seat: number, at_ms: number): void {
    this.due[seat] = at_ms
    this.entered[seat] = at_ms === Number.POSITIVE_INFINITY ? at_ms : this.wheel.put(seat, at_ms)
  }

  /** A seat taken by somebody who plays, or −1. */
  anyone(): number {
    const { random } = this.stage
    for (let tries = 0; tries < 20; tries += 1) {
      const seat = Math.floor(random.next() * this.seats.count)
      if (this.state[seat]! >= PLAYING!) return seat
    }
    return -1
  }

  nextSeq(seat: number): number {
    this.seq[seat]! += 1
    return this.seq[seat]!
  }

  /** Lets time pass. */
  advance(to_ms: number): void {
    this.wheel.turn(to_ms, (seat, now) => {
      // Put in again since then: that entry counts.
      if (this.entered[seat] !== now) return
      const due = this.due[seat]!
      if (due > now) return this.schedule(seat, due)
      this.due[seat] = Number.POSITIVE_INFINITY
      this.act(seat, Math.max(due, now - 50))
    })
  }

  /** More people come for a round; they leave after it. */
  startPulse(joins: number, from_ms: number, to_ms: number): void {
    const { random } = this.stage
    const count = Math.min(this.seats.count - this.base, Math.round(joins * this.base))
    for (let i = 0; i < count; i += 1) {
      const seat = this.base + i
      if (this.state[seat] !== EMPTY || this.due[seat]! < Number.POSITIVE_INFINITY) continue
      this.leave[seat] = to_ms + random.waiting(20_000)
      this.schedule(seat, from_ms + random.next() * 8000)
    }
  }

  /** A fault begins or ends: whoever it reaches runs dry, or comes back. */
  faultChanged(trouble: Trouble, now_ms: number): void {
    const { random } = this.stage
    const { drain = 0, vanish } = trouble.spec.felt
    for (let seat = 0; seat < this.seats.count; seat += 1) {
      if ((this.seats.mask[seat]! & (1 << trouble.bit)) === 0) continue
      const state = this.state[seat]!
      if (vanish && trouble.active && state >= PLAYING!) {
        this.stage.affected(trouble, Math.max(now_ms, Math.min(this.nextBeat[seat]!, this.change[seat]!)))
        this.empty(seat)
        this.vanished[seat] = 1
        this.schedule(seat, trouble.to_ms + random.next() * 10_000)
      }
      if (drain === 0 || state < PLAYING!) continue
      if (trouble.active) {
        const buffer_ms = random.between(800, 5000)
        if (state === PLAYING)
          this.change[seat] = Math.min(this.change[seat]!, now_ms + buffer_ms / (drain * trouble.severity))
      } else
        this.change[seat] =
          state === STALLED ? now_ms + random.between(200, 1800) : now_ms + this.untilStall(seat, now_ms)
      this.schedule(seat, Math.min(this.nextBeat[seat]!, this.change[seat]!, this.leave[seat]!))
    }
  }

  /** How fast the buffer of a seat runs dry now. */
  private drainOf(seat: number): number {
    let drain = 0
    for (const trouble of this.stage.troubles) {
      if (trouble.active && (this.seats.mask[seat]! & (1 << trouble.bit)) !== 0)
        drain = Math.max(
          drain,
          (trouble.spec.felt.drain ?? 0) *
            (trouble.spec.felt.drain === 1 && trouble.kind !== 'cdn_outage' ? 1 : trouble.severity),
        )
    }
    return drain
  }

  private untilStall(seat: number, now: number): number {
    const { random, background } = this.stage
    const usual = background.untilStall(random, now, (name) => this.seats.code(seat, name))
    const drain = this.drainOf(seat)
    return drain > 0 ? Math.min(usual, random.waiting(5000 / drain) + 500) : usual
  }

  private act(seat: number, now: number): void {
    const { random } = this.stage
    switch (this.state[seat]) {
      case EMPTY:
        this.sitDown(seat, now)
        return
      case STARTING:
        this.start(seat, now)
        return
      default:
    }
    const state = this.state[seat]!
    if (now >= this.leave[seat]!) {
      this.beat(seat, now, 'end', 'ended')
      this.empty(seat)
      const leave_ms = (this.stage.scenario.audience.leave_s ?? 0) * 1000
      const staying = leave_ms === 0 || now < this.stage.length_ms - leave_ms - 5000
      if (seat < this.base && staying) this.schedule(seat, now + random.waiting(1500))
      return
    }
    if (now >= this.change[seat]!) {
      if (state === PLAYING) {
        this.stalls[seat]! += 1
        this.count(seat, now)
        this.state[seat] = STALLED!
        this.beat(seat, now, 'stall_start', 'stalled')
        const drain = this.drainOf(seat)
        this.change[seat] =
          drain >= DRY
            ? Number.POSITIVE_INFINITY
            : now + (drain > 0 ? random.waiting(4000 * drain) + 1000 : random.waiting(1400) + 200)
      } else {
        this.count(seat, now)
        this.state[seat] = PLAYING!
        this.beat(seat, now, 'stall_end', 'playing')
        this.change[seat] = now + this.untilStall(seat, now)
      }
    } else if (now >= this.nextBeat[seat]!)
      this.beat(seat, now, 'interval', state === STALLED ? 'stalled' : 'playing')
    this.schedule(seat, Math.min(this.nextBeat[seat]!, this.change[seat]!, this.leave[seat]!))
  }

  private sitDown(seat: number, now: number): void {
    const { random, scenario, length_ms, normal } = this.stage
    if (this.vanished[seat]) this.seats.again(seat)
    else this.seats.draw(seat, random)
    this.vanished[seat] = 0
    this.seq[seat] = 0
    this.lag[seat] = random.about(1, 0.12)
    this.state[seat] = STARTING!
    let slow = 1
    for (const trouble of this.reaching(seat))
      slow = Math.max(slow, 1 + ((trouble.spec.felt.slow_start ?? 1) - 1) * trouble.severity)
    if (seat < this.base) {
      // Without a time to leave in, the audience stays to be watched until all incidents are over.
      const leave_s = scenario.audience.leave_s ?? 0
      const last = leave_s > 0 ? length_ms - random.next() * leave_s * 1000 : Number.POSITIVE_INFINITY
      this.leave[seat] = Math.min(now + random.waiting((scenario.audience.stay_s ?? 600) * 1000) + 3000, last)
    }
    this.lastBeat[seat] = now
    this.schedule(seat, now + random.about(normal.first_screen_ms, 0.4) * slow)
  }

  private *reaching(seat: number): Generator<Trouble> {
    const mask = this.seats.mask[seat]!
    if (mask === 0) return
    for (const trouble of this.stage.troubles)
      if (trouble.active && (mask & (1 << trouble.bit)) !== 0) yield trouble
  }

  private start(seat: number, now: number): void {
    const { random, rows, normal } = this.stage
    let failure = normal.start_failures
    const blocked = this.stage.outage() !== 'none'
    if (blocked) failure = 0.5
    for (const trouble of this.reaching(seat)) {
      const { start_failures = 0, slow_start = 1 } = trouble.spec.felt
      failure = Math.max(failure, start_failures * trouble.severity)
      if (start_failures > 0 || slow_start > 1) this.stage.affected(trouble, now)
    }
    const failed = random.chance(failure)
    const writer = rows.of('startup')
    const c = this.startColumns
    this.envelope(writer, c, seat, now)
    writer.set(c.at('outcome'), failed ? 'failed' : 'started')
    if (failed) writer.set(c.at('error_category'), 'network')
    else {
      const total = now - this.lastBeat[seat]!
      writer.set(c.at('video_startup_time_ms'), total)
      writer.set(c.at('manifest_ms'), total * 0.2)
      writer.set(c.at('first_byte_ms'), total * 0.4)
      writer.set(c.at('decode_ms'), total * 0.25)
    }
    writer.end()
    if (failed) {
      this.state[seat] = EMPTY!
      if (seat < this.base) this.schedule(seat, now + random.between(3000, 15_000))
      else this.due[seat] = Number.POSITIVE_INFINITY
      return
    }
    this.state[seat] = PLAYING!
    this.alive += 1
    this.cell(seat, 1)
    this.played[seat] = 0
    this.stalled[seat] = 0
    this.stalls[seat] = 0
    this.lastBeat[seat] = now
    this.lastChange[seat] = now
    this.nextBeat[seat] = now + HEARTBEAT_MS * random.between(0.9, 1.1)
    this.change[seat] = now + this.untilStall(seat, now)
    this.schedule(seat, Math.min(this.nextBeat[seat]!, this.change[seat]!, this.leave[seat]!))
  }

  private empty(seat: number): void {
    this.state[seat] = EMPTY!
    this.alive -= 1
    this.cell(seat, -1)
    this.due[seat] = Number.POSITIVE_INFINITY
  }

  private cell(seat: number, change: number): void {
    this.present[this.seats.code(seat, 'cdn') * this.regions + this.seats.code(seat, 'region')]! += change
  }

  /** Closes the stretch of playing or standing still. */
  private count(seat: number, now: number): void {
    const length = now - this.lastChange[seat]!
    if (this.state[seat] === STALLED) this.stalled[seat]! += length
    else this.played[seat]! += length
    this.lastChange[seat] = now
  }

  private beat(seat: number, now: number, reason: string, state: string): void {
    const { random, rows, normal } = this.stage
    if (reason === 'interval' || reason === 'end') this.count(seat, now)
    const writer = rows.of('heartbeat')
    const c = this.beatColumns
    const played = this.played[seat]!
    let latency =
      normal.live_latency_ms * this.lag[seat]! + (normal.app_latency_ms[this.seats.value(seat, 'app')] ?? 0)
    let frames = 1
    let bits = 1
    let fatal = false
    for (const trouble of this.reaching(seat)) {
      const { felt } = trouble.spec
      const { severity } = trouble
      latency +=
        (felt.latency_ms ?? 0) * severity +
        (felt.latency_ms_per_s ?? 0) * severity * ((now - trouble.from_ms) / 1000)
      if (felt.frames_lost) frames = 1 - felt.frames_lost * severity
      if (felt.bitrate_lost) bits = 1 - felt.bitrate_lost * severity
      if (felt.failures && random.chance((felt.failures * severity * (now - this.lastBeat[seat]!)) / 60_000))
        fatal = true
      if (
        felt.latency_ms ||
        felt.frames_lost ||
        felt.bitrate_lost ||
        fatal ||
        (felt.drain && reason === 'stall_start')
      )
        this.stage.affected(trouble, now)
    }
    this.envelope(writer, c, seat, now)
    writer.set(c.at('interval_ms'), Math.round(now - this.lastBeat[seat]!))
    writer.set(c.at('reason'), fatal ? 'error' : reason)
    writer.set(c.at('state'), fatal ? 'failed' : state)
    writer.set(c.at('played_ms'), Math.round(played))
    writer.set(c.at('stalled_ms'), Math.round(this.stalled[seat]!))
    writer.set(c.at('stall_count'), this.stalls[seat]!)
    const bitrate_kbps = normal.bitrate_kbps * 0.6 * bits
    const bytes = Math.round((bitrate_kbps / 8) * played)
    writer.set(c.at('bitrate_kbps'), bitrate_kbps)
    writer.set(c.at('bytes'), bytes)
    writer.set(c.at('bytes_p2p'), Math.round(bytes * 0.18))
    writer.set(c.at('bytes_reference'), Math.round(bytes * 1.6))
    const shown = Math.round((played / 1000) * normal.fps * frames)
    writer.set(c.at('frames_rendered'), shown)
    writer.set(c.at('frames_dropped'), random.events(shown * 0.002))
    writer.set(c.at('buffer_ms'), state === 'stalled' ? 0 : 3000)
    writer.set(c.at('live_latency_ms'), Math.round(latency))
    if (fatal) {
      writer.set(c.at('error_fatal'), true)
      writer.set(c.at('error_category'), 'player')
    }
    writer.end()
    this.lastBeat[seat] = now
    this.nextBeat[seat] = now + HEARTBEAT_MS * random.between(0.95, 1.05)
    this.played[seat] = 0
    this.stalled[seat] = 0
    this.stalls[seat] = 0
  }

  private envelope(writer: RowWriter, c: Columns, seat: number, now: number): void {
    for (let i = 0; i < VIEWER_COLUMNS.length; i += 1)
      writer.set(c.viewer[i]!, this.seats.value(seat, VIEWER_COLUMNS[i]!))
    writer.set(c.session, `s${this.seats.session[seat]}`)
    writer.set(c.seq, this.nextSeq(seat))
    writer.set(c.event_time, this.stage.start_time + now)
    writer.set(c.received_time, this.stage.start_time + now + NETWORK_MS)
  }
}

interface Columns {
  readonly viewer: readonly number[]
  readonly session: number
  readonly seq: number
  readonly event_time: number
  readonly received_time: number
  at(name: string): number
}

/** Column numbers of a viewer's beacon. */
export function columnsOf(writer: RowWriter): Columns {
  const known = new Map<string, number>()
  return {
    viewer: VIEWER_COLUMNS.map((name) => writer.column(name)),
    session: writer.column('session'),
    seq: writer.column('seq'),
    event_time: writer.column('event_time'),
    received_time: writer.column('received_time'),
    at(name) {
      let column = known.get(name)
      if (column === undefined) known.set(name, (column = writer.column(name)))
      return column
    },
  }
}
