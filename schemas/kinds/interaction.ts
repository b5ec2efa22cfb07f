import type { Fields } from '../field.ts'

/** One like, comment, red packet, coupon, card, vote or draw, or a count of messages by one channel. */
export const interaction = {
  action: {
    type: 'label',
    required: true,
    help: 'What was done: like, comment, red_packet, coupon, card, vote, draw, message, …',
  },
  outcome: {
    type: 'label',
    required: true,
    values: ['success', 'failed', 'timeout', 'refused'],
    help: 'How it ended; `refused` is a rule of the game (already drawn, sold out) and not a failure.',
  },
  round: { type: 'label', help: 'The operator’s round it belongs to.' },
  channel: {
    type: 'label',
    values: ['', 'push', 'poll', 'csn', 'api'],
    help: 'How the message travelled: pushed, polled, over a channel that is numbered consecutively, or by a call.',
  },
  topic: {
    type: 'label',
    help: 'What messages are about: chat, bullet, gift, ppt_page, moderation, …',
  },
  prefetch: {
    type: 'label',
    values: ['', 'hit', 'miss'],
    help: 'Whether the answer had been fetched before it was needed, e.g. the query of a final prize.',
  },
  rtt_ms: {
    type: 'f32',
    unit: 'ms',
    max: 600_000,
    help: 'From the viewer’s touch until the answer was on the screen.',
  },
  messages_expected: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Messages the channel’s numbering says were sent.',
  },
  messages_received: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Of these, the ones that came; each counts once.',
  },
  messages_duplicated: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Messages that came again.',
  },
  messages_disordered: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Messages that came after a later one.',
  },
  messages_timed: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Messages received that say when they were sent.',
  },
  message_delay_ms: {
    type: 'f32',
    unit: 'ms',
    max: 3_600_000,
    help: 'Mean time from sent until received of the messages that say when they were sent, clocks corrected.',
  },
  message_queue_ms: {
    type: 'f32',
    unit: 'ms',
    max: 3_600_000,
    help: 'Mean time that these messages had waited in a queue of the platform (moderation, fan-out) before they were sent on.',
  },
  messages_queued: {
    type: 'u32',
    missing: 'zero',
    believed_per_s: 50_000,
    help: 'Messages received that say how long they waited.',
  },
  error_code: { type: 'label', help: 'The platform’s own code.' },
} as const satisfies Fields
