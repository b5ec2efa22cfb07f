import { bend } from './curve.ts'
import { EXPERIENCE_METRICS, EXPERIENCE_PART_NAMES, type ExperiencePart } from './metrics/experience.ts'
import { type AnyMetric, metricOf } from './metrics.ts'

/** The values of metrics, as far as they were measured. */
type Values = Partial<Readonly<Record<AnyMetric, number | null>>>

export interface PartScore {
  readonly part: ExperiencePart
  /** 0 to 100. */
  readonly score: number
  /** Share of the whole, with the parts that were not measured left out. */
  readonly weight: number
  /** Points of the whole score that this part costs. */
  readonly lost: number
}

/** A part of the score by its own name: `Smoothness`. */
export const partName = (part: ExperiencePart, lang: 'en' | 'zh'): string =>
  metricOf(part)
    .title[lang].replace(/^.*[:：]\s*/, '')
    .replace(/^./, (first) => first.toUpperCase())

/** A metric that is made of others, 0 to 100; null where nothing in it was measured. */
function partScore(part: ExperiencePart, values: Values): number | null {
  let measured = false
  const product = metricOf(part).factors!.reduce((all, term) => {
    const known = term.map(({ of, curve }) => {
      const value = values[of as AnyMetric] ?? null
      measured ||= value !== null
      return value === null ? 1 : bend(curve, value)
    })
    return (all * known.reduce((sum, each) => sum + each, 0)) / known.length
  }, 100)
  return measured ? product : null
}

/**
 * The experience score of metrics' values of one cut, and its parts, the most costly first; undefined where nothing was measured.
 * The same formula as `metricSql('experience_score')`.
 */
export function experienceOf(values: Values): { score: number; parts: PartScore[] } | undefined {
  const { parts: weights } = EXPERIENCE_METRICS.experience_score
  const known = EXPERIENCE_PART_NAMES.flatMap((part) => {
    const score = partScore(part, values)
    return score === null ? [] : [{ part, score }]
  })
  const all = known.reduce((sum, { part }) => sum + weights[part], 0)
  if (all === 0) return undefined
  const parts = known
    .map(({ part, score }) => ({
      part,
      score,
      weight: weights[part] / all,
      lost: ((100 - score) * weights[part]) / all,
    }))
    .sort((a, b) => b.lost - a.lost)
  return { score: 100 - parts.reduce((sum, { lost }) => sum + lost, 0), parts }
}
