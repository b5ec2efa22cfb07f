import type { Fields } from '../field.ts'

/** A level and its capacity: prize pools, gateway load, message channel. */
export const resource = {
  resource: { type: 'label', required: true, help: 'What it is: prize_pool, gateway, message_channel, …' },
  node: { type: 'label', help: 'Which one.' },
  level: { type: 'f64', required: true, min: -1e15, help: 'How much is left, or how much is in use.' },
  capacity: { type: 'f64', help: 'How much it was filled with, or how much it can take.' },
  sense: {
    type: 'label',
    values: ['', 'stock', 'load'],
    help: '`stock`: a level that must not reach 0; `load`: one that must not reach its capacity. Default: stock.',
  },
  unit: { type: 'label', help: 'What the level counts.' },
  round: { type: 'label', help: 'The round it serves.' },
} as const satisfies Fields
