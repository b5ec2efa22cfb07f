import { bendSql } from './curve.ts'
import { FLAGS } from './envelope.ts'
import type { Kind } from './kinds/kinds.ts'
import { type Condition, HISTOGRAM, MEASURES, type Measure, type MeasureSpec } from './measures.ts'
import { type AnyMetric, metricOf } from './metrics.ts'

/**
 * Rows that say what a viewer felt, for counts that are not weighted: they count, or others count for them (outside the sample). The
 * rest is not believed, or reported by another source already.
 */
export const REAL_ROWS = `(weight > 0 OR bitTest(flags, ${Math.log2(FLAGS.outside_sample.bit)}))`

/** Quotes a text as a ClickHouse literal. */
export const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function condition(field: string, want: Condition): string {
  if (typeof want === 'boolean') return want ? field : `NOT ${field}`
  if (typeof want === 'string') return `${field} = ${literal(want)}`
  if ('not' in want) return `${field} != ${literal(want.not)}`
  if ('at_least' in want) return `${field} >= ${want.at_least}`
  if ('present' in want) return `isNotNull(${field})`
  return `${field} IN (${want.map(literal).join(', ')})`
}

const conditions = (measure: MeasureSpec): string =>
  Object.entries(measure.where ?? {})
    .map(([field, want]) => condition(field, want))
    .join(' AND ')

/** Histogram bucket of a value: ⌈log_γ x⌉, everything ≤ 1 in bucket 0. */
const bucket = (field: string): string =>
  `toInt16(if(${field} > 1, ceil(log(assumeNotNull(${field})) / ${Math.log(HISTOGRAM.gamma)}), 0))`

/** A measure as an aggregate over the raw rows of its kind's table. */
export function measureOverRaw(name: Measure): string {
  const measure: MeasureSpec = MEASURES[name]
  const where = conditions(measure)
  const weight = 'toFloat64(weight)'
  if (measure.aggregate === 'unique') {
    const own = measure.add![0]!
    const field = measure.otherwise === undefined ? own : `if(${own} = '', ${measure.otherwise}, ${own})`
    return `uniqCombined64If(${field}, ${['weight > 0', where].filter(Boolean).join(' AND ')})`
  }
  if (measure.aggregate === 'histogram') {
    const field = measure.add![0]!
    return `sumMapIf(map(${bucket(field)}, ${weight}), ${where || '1'})`
  }
  const value =
    measure.aggregate === 'count'
      ? weight
      : `${weight} * (${measure.add!.map((field) => `assumeNotNull(${field})`).join(' + ')})${measure.times ? ` * ${measure.times}` : ''}`
  return where ? `sumIf(${value}, ${where})` : `sum(${value})`
}

/** The same over a rollup, whose columns are named like the measures. */
export function measureOverRollup(name: Measure): string {
  const { aggregate } = MEASURES[name]
  if (aggregate === 'unique') return `uniqCombined64Merge(${name})`
  return aggregate === 'histogram' ? `sumMap(${name})` : `sum(${name})`
}

/**
 * How a measure is kept in a rollup: its column's type, the expression of a view over raw rows (`select`), and that of a view over
 * another rollup, which is called `source` (`again`).
 */
export function rollupColumn(name: Measure): { type: string; select: string; again: string } {
  const { aggregate, add } = MEASURES[name] as MeasureSpec
  const select = measureOverRaw(name)
  if (aggregate === 'unique') {
    return {
      type: `AggregateFunction(uniqCombined64, ${add![0] === 'session' || add![0] === 'viewer' ? 'String' : 'LowCardinality(String)'})`,
      select: select.replace(/^uniqCombined64If/, 'uniqCombined64StateIf'),
      again: `uniqCombined64MergeState(source.${name})`,
    }
  }
  return aggregate === 'histogram'
    ? {
        type: 'SimpleAggregateFunction(sumMap, Map(Int16, Float64))',
        select,
        again: `sumMap(source.${name})`,
      }
    : { type: 'SimpleAggregateFunction(sum, Float64)', select, again: `sum(source.${name})` }
}

/** The q-quantile of a histogram map: the middle of the first bucket at which the cumulated weight reaches q of all. */
function quantileOf(map: string, q: number): string {
  const { gamma } = HISTOGRAM
  const sums = `arrayCumSum(mapValues(${map}))`
  const at = `arrayFirstIndex(c -> c >= ${q} * arraySum(mapValues(${map})), ${sums})`
  return `if(length(${map}) = 0, NULL, 2 * pow(${gamma}, mapKeys(${map})[${at}]) / (${gamma} + 1))`
}

export interface MetricSqlOptions {
  /** `raw`: over the kind's table; `rollup`: over a rollup's columns. */
  readonly over: 'raw' | 'rollup'
  /** Length of the window in ms, or an expression for it; needed where a metric divides by it. */
  readonly window_ms?: number | string
}

/** Whether anything of a metric was measured, as a condition over its rows. */
function measuredSql(name: AnyMetric, { over }: MetricSqlOptions): string {
  const of = (metric: AnyMetric) => {
    const { denominator } = metricOf(metric)
    return `${(over === 'raw' ? measureOverRaw : measureOverRollup)(denominator!)} > 0`
  }
  return [
    ...new Set(
      metricOf(name)
        .factors!.flat()
        .map((factor) => of(factor.of as AnyMetric)),
    ),
  ].join(' OR ')
}

/** A part of the experience score: 100 × a product of means; a factor that was not measured takes nothing off. */
function factorsSql(name: AnyMetric, options: MetricSqlOptions): string {
  const terms = metricOf(name).factors!.map((term) => {
    const factors = term.map(({ of, curve }) =>
      bendSql(curve, `ifNull(${metricSql(of as AnyMetric, options)}, ${curve.type === 'share' ? 1 : 0})`),
    )
    return factors.length === 1 ? factors[0] : `(${factors.join(' + ')}) / ${factors.length}`
  })
  return `if(${measuredSql(name, options)}, 100 * ${terms.join(' * ')}, NULL)`
}

/** A mean of metrics by weight, of those that were measured. */
function partsSql(parts: Readonly<Record<string, number>>, options: MetricSqlOptions): string {
  const all = Object.entries(parts) as [AnyMetric, number][]
  const sum = all.map(([name, weight]) => `${weight} * ifNull(${factorsSql(name, options)}, 0)`)
  const weights = all.map(([name, weight]) => `if(${measuredSql(name, options)}, ${weight}, 0)`)
  return `(${sum.join('\n  + ')}) / nullIf(${weights.join(' + ')}, 0)`
}

/** A metric as a ClickHouse expression; null where nothing was measured. The rows must be filtered by `metricWhere`. */
export function metricSql(name: AnyMetric, options: MetricSqlOptions): string {
  const { over, window_ms } = options
  const metric = metricOf(name)
  if (metric.parts) return partsSql(metric.parts, options)
  if (metric.factors) return factorsSql(name, options)
  const measure = over === 'raw' ? measureOverRaw : measureOverRollup
  if (metric.quantile) return quantileOf(measure(metric.quantile.of), metric.quantile.q)
  const scale = metric.scale ?? 1
  const times = scale === 1 ? '' : ` * ${scale}`
  if (metric.per_window) {
    if (window_ms === undefined) throw new Error(`${name} divides by the window: give window_ms`)
    return `${measure(metric.numerator!)} / ${window_ms}${times}`
  }
  const quotient = `${measure(metric.numerator!)} / nullIf(${measure(metric.denominator!)}, 0)${times}`
  return metric.complement ? `1 - ${quotient}` : quotient
}

/** Which rows a metric counts: real viewers only (probes count themselves), and its own values of shared fields. */
export function metricWhere(name: AnyMetric): string {
  const metric = metricOf(name)
  const own = Object.entries(metric.where ?? {}).map(([field, value]) => `${field} = ${literal(value)}`)
  return [...(kindOfMetric(name) === 'probe' ? [] : ['NOT synthetic']), ...own].join(' AND ') || '1'
}

/** The kind of event a metric is made of; of several kinds, that of its denominator or of its viewers: whom it is about. */
export const kindOfMetric = (name: AnyMetric): Kind => {
  const metric = metricOf(name)
  if (metric.parts) return 'heartbeat'
  if (metric.factors) return kindOfMetric(metric.factors[0]![0]!.of as AnyMetric)
  return MEASURES[metric.quantile?.of ?? metric.denominator ?? metric.numerator!].kind
}
