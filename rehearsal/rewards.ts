import type { Pulse, Stage, Trouble } from './stage.ts'

const STEP_MS = 100
const NETWORK_MS = 40
/** A box may be given out until so long after its round. */
const CLOSES_MS = 25_000
const COUPON_CNY = 5
/** A coupon is claimed so long after it was given; every fifth expires when the box closes. */
const CLAIMED_MS = 3_000
/** A pace shows in no single booking: a slow draw is seen after so long. */
const PACE_MS = 8_000
/** What a fault at severity 1 does to the pace of a box. */
const SLOWER = 0.9
const FASTER = 2

interface Box {
  readonly pulse: Pulse
  readonly rewards: number
  readonly closes_ms: number
  opened: boolean
  /** Coupons that are due, and those that were given. */
  due: number
  given: number
}

interface Later {
  readonly at_ms: number
  readonly entry: 'claimed' | 'expired'
  readonly reference: string
  readonly round: string
}

/** The boxes of coupons that rounds give out, as the reward platform books them. */
export class Rewards {
  private readonly stage: Stage
  private readonly boxes: readonly Box[]
  private later: Later[] = []
  private done_ms = 0
  private seq = 0

  constructor(stage: Stage) {
    this.stage = stage
    this.boxes = stage.pulses.flatMap((pulse) =>
      pulse.rewards === 0
        ? []
        : [
            {
              ...{ pulse, rewards: pulse.rewards, closes_ms: pulse.to_ms + CLOSES_MS },
              ...{ opened: false, due: 0, given: 0 },
            },
          ],
    )
  }

  advance(to_ms: number): void {
    if (this.boxes.length === 0) return
    while (this.done_ms + STEP_MS <= to_ms) {
      this.done_ms += STEP_MS
      for (const box of this.boxes) this.give(box, this.done_ms)
      const due = this.later.filter(({ at_ms }) => at_ms <= this.done_ms)
      if (due.length > 0) this.later = this.later.filter(({ at_ms }) => at_ms > this.done_ms)
      for (const { entry, reference, round } of due) this.book(round, entry, COUPON_CNY, { reference })
    }
  }

  private fault(kind: Trouble['kind']): Trouble | undefined {
    return this.stage.troubles.find((trouble) => trouble.kind === kind && trouble.active)
  }

  private give(box: Box, now: number): void {
    const { pulse, rewards, closes_ms } = box
    if (now < pulse.from_ms || now > closes_ms) return
    const { round } = pulse
    if (!box.opened) {
      box.opened = true
      const ends_ms = this.stage.start_time + closes_ms
      this.book(round, 'budget', rewards * COUPON_CNY, { count: rewards, ends_ms })
    }
    const [slow, over, twice] = [
      this.fault('slow_draw'),
      this.fault('over_issue'),
      this.fault('double_grant'),
    ]
    const pace = (rewards * STEP_MS) / (pulse.to_ms - pulse.from_ms)
    box.due += pace * (1 - SLOWER * (slow?.severity ?? 0)) * (1 + FASTER * (over?.severity ?? 0))
    if (over === undefined) box.due = Math.min(box.due, Math.max(rewards, box.given))
    if (slow !== undefined && box.given < rewards && now - Math.max(slow.from_ms, pulse.from_ms) >= PACE_MS)
      this.stage.affected(slow, now)
    while (box.given < Math.floor(box.due + 1e-9)) {
      const reference = `${round}-${box.given}`
      this.book(round, 'issued', COUPON_CNY, { reference })
      if (twice !== undefined && box.given % 3 === 0) {
        this.book(round, 'issued', COUPON_CNY, { reference })
        this.stage.affected(twice, now)
      }
      const expires = box.given % 5 === 0
      this.later.push({
        at_ms: expires ? closes_ms : Math.min(now + CLAIMED_MS, closes_ms),
        entry: expires ? 'expired' : 'claimed',
        ...{ reference, round },
      })
      box.given += 1
      if (over !== undefined && box.given > rewards) this.stage.affected(over, now)
    }
  }

  private book(
    round: string,
    entry: 'budget' | 'issued' | 'claimed' | 'expired',
    amount: number,
    more: { readonly reference?: string; readonly count?: number; readonly ends_ms?: number },
  ): void {
    const event_time = this.stage.start_time + this.done_ms
    this.seq += 1
    this.stage.rows.of('ledger').push({
      ...{ node: 'rewards', session: 'rewards', seq: this.seq, event_time },
      ...{ received_time: event_time + NETWORK_MS, pool: 'coupon-box', tier: 'low', currency: 'cny' },
      ...{ round, entry, amount, count: 1, ...more },
    })
  }
}
