import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { EventGroup } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import { hop as HOP } from '../../schemas/kinds/hop.ts'
import { numberReader } from '../../schemas/readNumber.ts'
import { increase, known } from '../counters.ts'
import type { PolledSource } from '../poller.ts'
import { readPrometheus, type Sample } from './readPrometheus.ts'
import { readSelector, type Selector } from './selector.ts'

/** Where a field of the hop comes from: a selector, or one with what is done to its sum. */
export type FieldSource =
  | string
  | { readonly metric: string; readonly scale?: number; readonly rate?: boolean }

export interface ExporterOptions {
  readonly hop: BeaconEvent<'hop'>['hop']
  readonly node: string
  readonly context?: ClientContext
  /** By the field of the `hop` kind that it fills. */
  readonly fields: Readonly<Record<string, FieldSource>>
  /** The label whose values are the names of the streams. Default: all samples belong to the source's stream. */
  readonly stream_label?: string
  readonly emit: Emit
}

/** Fields of the catalogue that a number of an exporter may fill. */
const NUMBERS = Object.entries(HOP)
  .filter(([name, { type }]) => type !== 'label' && name !== 'interval_ms')
  .map(([name]) => name)

interface Rule {
  readonly field: string
  readonly select: Selector
  readonly scale: number
  readonly rate: boolean
  readonly whole: boolean
  readonly max: number
}

function ruleOf(field: string, source: FieldSource): Rule {
  if (!NUMBERS.includes(field))
    throw new Error(`${field} is no number of a hop; such are ${NUMBERS.join(', ')}`)
  const { metric, scale = 1, rate = false } = typeof source === 'string' ? { metric: source } : source
  const { type, max = Number.MAX_SAFE_INTEGER } = HOP[field as keyof typeof HOP] as {
    type: string
    max?: number
  }
  return { field, select: readSelector(metric), scale, rate, whole: type.startsWith('u'), max }
}

/** Throws in words that name the field, where the mapping of a source cannot be used. */
export const readRules = (fields: ExporterOptions['fields']): Rule[] =>
  Object.entries(fields).map(([field, source]) => ruleOf(field, source))

/** Series that only grow: their difference is the field. What OpenMetrics calls `_created` is a time. */
const isCounter = ({ name }: Sample, counters: ReadonlySet<string>): boolean =>
  /_(total|sum|count|bucket)$/.test(name) || counters.has(name)

const countersOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^# TYPE (\S+) counter\s*$/gm)].map(([, name]) => name!))

const MOST_STREAMS = 1_000

/**
 * A reader of any exporter's page for `startPoller`. Samples that a selector chooses are added; a counter gives its growth
 * since the page before, series by series, so that a restarted worker does not hide another's.
 */
export function exporterMetrics(options: ExporterOptions): PolledSource['read'] {
  const rules = readRules(options.fields)
  const number = numberReader('prometheus', options.emit)
  let before = new Map<string, number>()
  let last_ms: number | undefined

  return ([text = ''], at_ms) => {
    const samples = readPrometheus(text)
    if (samples.length === 0) throw new Error('this is not a metrics page of Prometheus')
    const counters = countersOf(text)
    const interval_ms = last_ms === undefined ? 0 : Math.max(0, Math.round(at_ms - last_ms))
    last_ms = at_ms
    const now = new Map<string, number>()
    const streams = new Map<string, Record<string, number>>()
    for (const sample of samples)
      for (const rule of rules) {
        if (!rule.select(sample)) continue
        const stream = options.stream_label === undefined ? '' : (sample.labels[options.stream_label] ?? '')
        if (options.stream_label !== undefined && stream === '') continue
        const counted = isCounter(sample, counters)
        const read = number(sample.name, sample.value)
        if (read === undefined) continue
        const series = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
        if (counted) now.set(series, read)
        // A counter that went back began again: what it has now came since then.
        const value =
          counted && before.has(series)
            ? (increase(read, before.get(series)) ?? read)
            : counted
              ? undefined
              : read
        if (value === undefined || (rule.rate && interval_ms === 0)) continue
        const sums = streams.get(stream) ?? {}
        if (streams.size < MOST_STREAMS || streams.has(stream)) streams.set(stream, sums)
        const scaled = value * rule.scale * (rule.rate ? 1_000 / interval_ms : 1)
        sums[rule.field] = (sums[rule.field] ?? 0) + scaled
      }
    before = now
    return [...streams].map(([stream, sums]): EventGroup => {
      const bounded = rules.map(({ field, whole, max }) => {
        const sum = sums[field] === undefined ? undefined : number(field, sums[field], { max })
        return [field, sum === undefined || !whole ? sum : Math.round(sum)]
      })
      const fields = known(Object.fromEntries(bounded) as Partial<BeaconEvent<'hop'>>)
      const event = {
        kind: 'hop',
        hop: options.hop,
        node: options.node,
        interval_ms,
        ...fields,
      } as BeaconEvent<'hop'>
      return {
        source: 'prometheus',
        context: { ...options.context, stream: stream || options.context?.stream },
        events: [event],
      }
    })
  }
}
