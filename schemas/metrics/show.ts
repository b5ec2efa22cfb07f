import { EXPERIENCE_METRICS } from './experience.ts'
import { LEDGER_METRICS } from './ledger.ts'
import type { MetricSpec } from './metric.ts'

/**
 * What a show is judged by that is made of several kinds of event or of other metrics. They are read from a rollup that these kinds fill (boards, report),
 * over minutes: the watcher and live pages, which keep kinds apart, do not have them.
 */
export const SHOW_METRICS = {
  interaction_rate: {
    title: { en: 'Viewers who interact', zh: '互动率' },
    help: 'Viewers who interacted ÷ viewers. Of a round: those who took part in it ÷ those who watched meanwhile.',
    hop: 'interaction',
    unit: 'ratio',
    better: 'higher',
    numerator: 'participants_uniq',
    denominator: 'viewers_uniq',
    objective: 0.2,
  },
  ...LEDGER_METRICS,
  ...EXPERIENCE_METRICS,
} as const satisfies Readonly<Record<string, MetricSpec>>
