import type { Fields } from '../field.ts'

/** Where an operator's round has got to: the production latency of an interaction, stage by stage. */
export const cue = {
  round: { type: 'label', required: true, help: 'The operator’s round.' },
  stage: {
    type: 'label',
    required: true,
    values: ['triggered', 'inserted', 'emitted', 'shown'],
    help: 'The operator pressed, the encoder put it into a frame, the origin or edge gave it out, the page showed it.',
  },
  cue: { type: 'label', help: 'Number of the cue within the round.' },
  since_trigger_ms: {
    type: 'f32',
    unit: 'ms',
    min: -3_600_000,
    max: 3_600_000,
    help: 'Since the operator’s trigger, clocks corrected.',
  },
  skew_ms: {
    type: 'f32',
    unit: 'ms',
    min: -3_600_000,
    max: 3_600_000,
    help: 'Page shown minus frame shown.',
  },
} as const satisfies Fields
