import type { MetricSpec } from './metric.ts'

const common = { hop: 'interaction', better: 'higher' } as const

/** What prize pools give, as the reward platform booked it; judged by pool and round (`processor/watch/detect/pools.ts`). */
export const POOL_METRICS = {
  reward_issued: {
    ...common,
    title: { en: 'Issued of the budget', zh: '奖池发放率' },
    help: 'Amount issued ÷ budget of the prize pools: above 1 more was given than there was.',
    unit: 'ratio',
    better: 'lower',
    numerator: 'reward_issued_amount_sum',
    denominator: 'reward_budget_amount_sum',
    objective: 1,
    by_round: true,
    rules: [
      { type: 'over_issue', window_s: 20, severity: 'critical' },
      { type: 'double_grant', window_s: 20, severity: 'critical' },
      { type: 'undistributed', window_s: 20, least: 0.95, severity: 'warning' },
    ],
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

/** What the show gave away and what it sold, as its platforms booked it. */
export const LEDGER_METRICS = {
  reward_claimed: {
    ...common,
    title: { en: 'Claimed of what was issued', zh: '奖励领取率' },
    help: 'Amount claimed ÷ amount issued; the rest is open, expired or returned.',
    unit: 'ratio',
    numerator: 'reward_claimed_amount_sum',
    denominator: 'reward_issued_amount_sum',
  },
  orders_per_minute: {
    ...common,
    title: { en: 'Orders a minute', zh: '每分钟订单' },
    help: 'Orders ÷ minutes; refunds are not taken off.',
    unit: 'per_minute',
    numerator: 'orders_sum',
    per_window: true,
    scale: 60_000,
  },
  sales_per_minute: {
    ...common,
    title: { en: 'Sales a minute', zh: '每分钟成交额' },
    help: 'Amount of orders ÷ minutes, in the platform’s currency; refunds are not taken off.',
    unit: 'per_minute',
    numerator: 'sales_sum',
    per_window: true,
    scale: 60_000,
  },
} as const satisfies Readonly<Record<string, MetricSpec>>
