import type { NumberReader } from '../../schemas/readNumber.ts'
import { increase } from '../counters.ts'
import { objectIn, textIn } from '../readJson.ts'
import { type Calls, placeOf } from './countCalls.ts'
import { attributesOf, firstOf, listIn, nanoTime_ms } from './otlpJson.ts'
import { routeOf, STATUS } from './readTraces.ts'

type Values = Readonly<Record<string, unknown>>

/** Histograms of how long servers took, and how many ms their unit has. */
const DURATIONS: Readonly<Record<string, number>> = {
  'http.server.request.duration': 1_000,
  'http.server.duration': 1,
  'rpc.server.duration': 1,
}

const isDelta = (temporality: unknown): boolean =>
  temporality === 1 || temporality === '1' || temporality === 'AGGREGATION_TEMPORALITY_DELTA'

const MOST_SERIES = 10_000

/** A reader of OTLP metric requests (JSON): duration histograms of servers, as calls. It keeps the last value of each series. */
export function metricsReader(number: NumberReader) {
  const before = new Map<string, { count: number; sum: number | undefined }>()

  /** What came since the last request; all of it where the source sends differences itself. */
  function grown(series: string, count: number, sum: number | undefined, delta: boolean) {
    if (delta) return { count, sum }
    const last = before.get(series)
    before.delete(series)
    before.set(series, { count, sum })
    if (before.size > MOST_SERIES) before.delete(before.keys().next().value as string)
    if (last === undefined) return undefined
    // A counter that went back began again: what it has now came since then.
    return { count: increase(count, last.count) ?? count, sum: increase(sum, last.sum) ?? sum }
  }

  return function readMetrics(
    body: Values,
    query: Readonly<Record<string, string>>,
    tenant: string,
  ): Calls[] {
    const calls: Calls[] = []
    for (const group of listIn(body.resourceMetrics)) {
      const resource = attributesOf(objectIn(group.resource).attributes)
      const service = resource.get('service.name') ?? ''
      const instance = resource.get('service.instance.id') ?? resource.get('host.name') ?? ''
      const place = placeOf(resource, query)
      for (const metric of listIn(group.scopeMetrics).flatMap(({ metrics }) => listIn(metrics))) {
        const name = textIn(metric.name)
        const scale = DURATIONS[name]
        if (scale === undefined) continue
        const histogram = objectIn(metric.histogram ?? metric.exponentialHistogram)
        for (const point of listIn(histogram.dataPoints)) {
          const count = number('count', point.count)
          const at_ms = nanoTime_ms(point.timeUnixNano)
          if (count === undefined || at_ms === undefined) continue
          const attributes = attributesOf(point.attributes)
          const series = JSON.stringify([tenant, service, instance, name, [...attributes].sort()])
          const more = grown(
            series,
            count,
            number('sum', point.sum),
            isDelta(histogram.aggregationTemporality),
          )
          if (more === undefined || more.count === 0) continue
          const { count: answered, sum } = more
          const status = Number(firstOf(attributes, STATUS)) || 0
          const duration_ms = sum === undefined ? undefined : sum * scale
          calls.push({
            at_ms,
            ...place,
            service,
            route: routeOf(attributes),
            count: answered,
            status,
            duration_ms,
          })
        }
      }
    }
    return calls
  }
}
