import { faultSpec } from '../../rehearsal/faultKinds.ts'
import type { Scenario } from '../../rehearsal/scenarioSchema.ts'
import type { BeaconEvent } from '../../schemas/beacon.ts'

/** Coupons that a round's box holds, and what each is worth. */
const BOX = 120
const COUPON_CNY = 5
/** A round gives its coupons out in so many seconds, and is closed after so many. */
const GIVES_S = 20
const CLOSES_S = 45
const ORDERS_PER_S = 4
const ORDER_CNY = 59

type Booking = { readonly at_s: number; readonly event: object }

/** A round's treasure box of coupons and its one dear prize: budget, each grant with its reference, claims, and the closing. */
function roundOf(
  { at_s, round }: { at_s: number; round: string },
  index: number,
  drained: boolean,
): Booking[] {
  const book = (after_s: number, event: object): Booking => ({
    at_s: at_s + after_s,
    event: { round, ...event },
  })
  const box = { pool: 'coupon-box', tier: 'low', currency: 'cny' }
  const car = { pool: 'phones', tier: 'high', currency: 'cny', count: 1, amount: 6999 }
  // While the pool drains, a tenth too much is given; the second round gives one coupon twice.
  const grants = drained ? BOX * 1.1 : index === 2 ? BOX * 0.9 : BOX
  const coupons = Array.from({ length: Math.round(grants) }, (_, at) => {
    const own = { ...box, count: 1, amount: COUPON_CNY, reference: `${round}-${at}` }
    const after_s = (at * GIVES_S) / grants
    return [
      book(after_s, { entry: 'issued', ...own }),
      ...(index === 1 && at === 7 ? [book(after_s + 2, { entry: 'issued', ...own, node: 'retry' })] : []),
      book(at % 5 === 0 ? CLOSES_S : after_s + 3, { entry: at % 5 === 0 ? 'expired' : 'claimed', ...own }),
    ]
  })
  return [
    book(0, { entry: 'budget', ...box, count: BOX, amount: BOX * COUPON_CNY }),
    book(0, { entry: 'budget', ...car }),
    book(5, { entry: 'issued', ...car, reference: `${round}-phone` }),
    book(8, { entry: 'claimed', ...car, reference: `${round}-phone` }),
    ...coupons.flat(),
  ]
}

/**
 * What the reward platform and the shop of the festival book, second by second. A fault that keeps viewers from buying shows in the
 * orders: a third of them is left.
 */
export function bookingsOf(
  { faults = [], length_s }: Pick<Scenario, 'faults' | 'length_s'>,
  rounds: readonly { readonly at_s: number; readonly round: string }[],
  common: { readonly show: string; readonly stream: string },
): (second: number, now_ms: number) => BeaconEvent[] {
  const strikes = (second: number) =>
    faults.some(
      ({ kind, at_s, for_s }) =>
        second >= at_s && second < at_s + for_s && Object.keys(faultSpec(kind).felt).length > 0,
    )
  const drains = (from_s: number) =>
    faults.some(
      ({ kind, at_s, for_s }) =>
        kind === 'prize_pool_drain' && at_s < from_s + CLOSES_S && at_s + for_s > from_s,
    )
  const orders = Array.from({ length: length_s }, (_, second): Booking => {
    const lost = strikes(second)
    const count = Math.round((ORDERS_PER_S + ((second * 7) % 3) - 1) * (lost ? 1 / 3 : 1))
    return {
      at_s: second,
      event: { entry: 'order', count, amount: count * ORDER_CNY, pool: 'shelf', currency: 'cny' },
    }
  })
  const left = [...orders, ...rounds.flatMap((each, index) => roundOf(each, index, drains(each.at_s)))].sort(
    (a, b) => a.at_s - b.at_s,
  )
  return (second, now_ms) => {
    const due = left.findIndex(({ at_s }) => at_s > second)
    return left.splice(0, due < 0 ? left.length : due).map(
      ({ at_s, event }) =>
        ({
          ...{
            kind: 'ledger',
            node: 'platform',
            ...common,
            time_ms: Math.round(now_ms - (second - at_s) * 1000),
          },
          ...event,
        }) as unknown as BeaconEvent,
    )
  }
}
