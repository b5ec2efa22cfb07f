import type { Factor } from '../curve.ts'
import type { Hop } from '../kinds/kinds.ts'
import type { Measure } from '../measures.ts'
import type { RuleSpec } from '../rules.ts'

/** How a metric is declared: a quotient of two measures, or a quantile. */
export interface MetricSpec {
  readonly title: { readonly en: string; readonly zh: string }
  /** What it is, and by whose definition. */
  readonly help: string
  readonly hop: Hop
  readonly unit:
    | 'ratio'
    | 'ms'
    | 'kbps'
    | 'fps'
    | 'plays'
    | 'count'
    | 'bytes'
    | 'per_minute'
    | 'mbps'
    | 'score'
  readonly better: 'lower' | 'higher'
  /** Σ numerator ÷ Σ denominator × scale. */
  readonly numerator?: Measure
  readonly denominator?: Measure
  readonly scale?: number
  /** Instead of a denominator: divide by the window's length in ms. */
  readonly per_window?: true
  /** Instead of a quotient: the q-quantile of a histogram. */
  readonly quantile?: { readonly of: Measure; readonly q: number }
  /** Instead of a quotient: 100 × the product of terms, each the mean of factors of other metrics (`schemas/experience.ts`). */
  readonly factors?: readonly (readonly Factor[])[]
  /** Instead of a quotient: the mean of other metrics by these weights; one that was not measured is left out. */
  readonly parts?: Readonly<Record<string, number>>
  /** 1 − the quotient. */
  readonly complement?: true
  /** Says something of a whole round only: no live page and no push of metrics reads it from seconds. */
  readonly by_round?: true
  /** Only rows with these values count; where a kind is shared by hops or channels. */
  readonly where?: Readonly<Record<string, string>>
  /** What it should be: at most (lower is better) or at least (higher is better). */
  readonly objective?: number
  readonly rules?: readonly RuleSpec[]
  /**
   * Counts a session once however many facts it sends. The watcher counts it once in each ten seconds of `received_time`, so that
   * partitions and seconds add up: over ten seconds that is SQL's number, over longer times the mean of the tens.
   */
  readonly by_slice?: true
}
