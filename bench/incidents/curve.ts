/** How bad each minute of a labelled history looked; the labelled one is the last. */
export type Loudness = readonly number[]

export interface CurvePoint {
  /** Openings allowed per 100 quiet minutes. */
  readonly per_100_quiet: number
  readonly bar: number
  /** Labelled minutes that reach the bar, %. */
  readonly found: number
}

/**
 * What is found at each rate of false openings: the bar is as low as the rate allows. Minutes that stay above the bar are one opening.
 */
export function curveOf(cases: readonly Loudness[], rates: readonly number[]): CurvePoint[] {
  const quiet = cases.reduce((sum, minutes) => sum + minutes.length - 1, 0)
  const bars = [...new Set(cases.flat())].filter((bar) => bar > 0).sort((a, b) => b - a)
  const points = bars.map((bar) => {
    let [openings, found] = [0, 0]
    for (const minutes of cases) {
      minutes.forEach((loud, at) => {
        if (at < minutes.length - 1 && loud >= bar && !(at > 0 && minutes[at - 1]! >= bar)) openings += 1
      })
      if (minutes.at(-1)! >= bar) found += 1
    }
    return { bar, rate: (100 * openings) / quiet, found: (100 * found) / cases.length }
  })
  return rates.map((per_100_quiet) => {
    const allowed = points.filter(({ rate }) => rate <= per_100_quiet)
    const best = allowed.reduce((a, b) => (b.found > a.found ? b : a), {
      bar: Number.POSITIVE_INFINITY,
      rate: 0,
      found: 0,
    })
    return { per_100_quiet, bar: round(best.bar), found: round(best.found) }
  })
}

const round = (value: number): number => Math.round(value * 10) / 10
