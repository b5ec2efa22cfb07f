import type { Fields } from '../field.ts'

/** What is booked of a reward, in the order of its life, and of an order. */
export const LEDGER_ENTRIES = [
  'budget',
  'issued',
  'claimed',
  'expired',
  'returned',
  'order',
  'refund',
] as const

/** A pool of a round: what a budget, and the references under which it is given out, belong to. */
export const POOL_ROUND = ['round', 'pool', 'currency'] as const

/** What the reward platform and the shop book: treasure boxes and prize pools, orders and sales, by round. */
export const ledger = {
  entry: {
    type: 'label',
    required: true,
    values: LEDGER_ENTRIES,
    help: 'What was booked: a pool’s `budget`; a reward `issued`, then `claimed`, `expired` or `returned` to the pool; an `order` or its `refund`.',
  },
  node: { type: 'label', help: 'Which platform booked it; it numbers its entries by `seq`.' },
  amount: { type: 'f64', required: true, max: 1e15, help: 'Its money, or units of the pool.' },
  count: {
    type: 'u32',
    required: true,
    help: 'How many rewards or orders it stands for; 1 with a `reference`. Of a budget: how many rewards it holds.',
  },
  pool: { type: 'label', help: 'The prize pool or treasure box; of an order the shelf or product group.' },
  tier: {
    type: 'label',
    values: ['', 'high', 'low'],
    help: 'High-value pools (phones, cars) and low-value ones (coupons, coins) are looked at apart.',
  },
  round: { type: 'label', help: 'The operator’s round it belongs to.' },
  reference: {
    type: 'text',
    max_length: 128,
    help: 'Id of the grant or order at its platform: one that is issued twice is a double grant.',
  },
  ends_ms: {
    type: 'f64',
    unit: 'ms',
    max: 1e14,
    help: 'Of a budget: when its round ends, ms since the epoch. A pool that will not be given out by then is said while something can be done.',
  },
  currency: { type: 'label', help: 'What the amount counts: cny, coins, …' },
} as const satisfies Fields
