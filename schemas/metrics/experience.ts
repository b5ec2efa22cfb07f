import type { Factor } from '../curve.ts'
import type { INTERACTION_METRICS } from './interaction.ts'
import type { MetricSpec } from './metric.ts'
import type { VIEWER_METRICS } from './viewer.ts'

type Part = MetricSpec & {
  readonly factors: readonly (readonly Factor<
    keyof typeof VIEWER_METRICS | keyof typeof INTERACTION_METRICS
  >[])[]
}

const common = { hop: 'player', unit: 'score', better: 'higher' } as const

/**
 * The parts of the experience score: each is 100 × a product of terms, and a term the mean of its factors. They are made of the
 * metrics above at the cut that is looked at, so a show, a stream, a CDN and a session have the same formula. The objective of a
 * part is what it is worth when every metric in it is exactly at its own objective, rounded down. See `docs/score.md`.
 */
export const EXPERIENCE_PARTS = {
  experience_start: {
    ...common,
    title: { en: 'Experience: start', zh: '体验分：起播' },
    help: '100 × 8 s ÷ (8 s + first screen) (Mux startup score) × the attempts that did not fail, where leaving before the start counts half (Mux playback success).',
    objective: 86,
    factors: [
      [{ of: 'video_startup_time', curve: { type: 'wait', half: 8000, free: 0 } }],
      [{ of: 'video_start_failure', curve: { type: 'loss', loss: 1 } }],
      [{ of: 'exit_before_video_start', curve: { type: 'loss', loss: 0.5 } }],
    ],
  },
  experience_smoothness: {
    ...common,
    title: { en: 'Experience: smoothness', zh: '体验分：流畅' },
    help: 'Mean of 100 ÷ √(1 + (stalls a minute ÷ 2)²) and 100 × e^(−10 × stall ratio) (Mux smoothness, of a minute instead of a view), less the fatal failures a minute.',
    objective: 94,
    factors: [
      [
        { of: 'rebuffering_frequency', curve: { type: 'repeats', half: 2 } },
        { of: 'rebuffering_ratio', curve: { type: 'decay', rate: 10 } },
      ],
      [{ of: 'playback_failure', curve: { type: 'loss', loss: 1 } }],
    ],
  },
  experience_latency: {
    ...common,
    title: { en: 'Experience: latency', zh: '体验分：延迟' },
    help: '100 up to a live latency of 2 s (without the artificial delay), then the curve of the start: 100 × 8 s ÷ (8 s + what is beyond).',
    objective: 100,
    factors: [[{ of: 'live_latency', curve: { type: 'wait', half: 8000, free: 2000 } }]],
  },
  experience_picture: {
    ...common,
    title: { en: 'Experience: picture', zh: '体验分：画面' },
    help: '100 × e^(−10 × dropped frames): the curve of the stall ratio, since a frame that is not shown stalls the picture.',
    objective: 81,
    factors: [[{ of: 'dropped_frames', curve: { type: 'decay', rate: 10 } }]],
  },
  experience_interaction: {
    ...common,
    hop: 'interaction',
    title: { en: 'Experience: interaction', zh: '体验分：互动' },
    help: '100 × interactions that arrive × 4 s ÷ (4 s + round trip) × messages delivered.',
    objective: 88,
    factors: [
      [{ of: 'interaction_success', curve: { type: 'share' } }],
      [{ of: 'interaction_latency', curve: { type: 'wait', half: 4000, free: 0 } }],
      [{ of: 'message_delivery', curve: { type: 'share' } }],
    ],
  },
} as const satisfies Readonly<Record<string, Part>>

export type ExperiencePart = keyof typeof EXPERIENCE_PARTS
export const EXPERIENCE_PART_NAMES = Object.keys(EXPERIENCE_PARTS) as ExperiencePart[]

export const EXPERIENCE_METRICS = {
  experience_score: {
    ...common,
    title: { en: 'Experience score', zh: '体验分' },
    help: 'One number from 0 to 100: the mean of its parts by weight (start 20, smoothness 35, latency 15, picture 15, interaction 15). A part that nothing was measured of is left out.',
    objective: 90,
    parts: {
      experience_start: 20,
      experience_smoothness: 35,
      experience_latency: 15,
      experience_picture: 15,
      experience_interaction: 15,
    },
  },
  ...EXPERIENCE_PARTS,
} as const satisfies Readonly<
  Record<string, MetricSpec & { readonly parts?: Readonly<Record<ExperiencePart, number>> }>
>
