import { textIn } from '../readJson.ts'
import { type Calls, placeOf } from './countCalls.ts'
import { attributesOf, firstOf, listIn, nanoTime_ms } from './otlpJson.ts'

type Values = Readonly<Record<string, unknown>>

const isServer = (kind: unknown): boolean => kind === 2 || kind === '2' || kind === 'SPAN_KIND_SERVER'
/** Status code of a span that failed. */
const isError = (code: unknown): boolean => code === 2 || code === '2' || code === 'STATUS_CODE_ERROR'

export const ROUTE = ['http.route', 'rpc.method', 'url.template']
const METHOD = ['http.request.method', 'http.method']
export const STATUS = ['http.response.status_code', 'http.status_code']

/** Method and route of a span (`GET /rooms/:id`), or `fallback` where its attributes name no route. */
export function routeOf(attributes: ReadonlyMap<string, string>, fallback = ''): string {
  const route = firstOf(attributes, ROUTE)
  return route === ''
    ? fallback
    : [firstOf(attributes, METHOD), route].filter((part) => part !== '').join(' ')
}

/**
 * Spans of servers in an OTLP trace request (JSON): one call each. A span's own name is the route where it has no
 * `http.route`; paths are never taken, since each viewer has others.
 */
export function readTraces(body: Values, query: Readonly<Record<string, string>>): Calls[] {
  return listIn(body.resourceSpans).flatMap((group) => {
    const resource = attributesOf((group.resource as Values | undefined)?.attributes)
    const service = resource.get('service.name') ?? ''
    const place = placeOf(resource, query)
    return listIn(group.scopeSpans ?? group.instrumentationLibrarySpans).flatMap(({ spans }) =>
      listIn(spans).flatMap((span): Calls[] => {
        const start_ms = nanoTime_ms(span.startTimeUnixNano)
        const end_ms = nanoTime_ms(span.endTimeUnixNano)
        if (!isServer(span.kind) || start_ms === undefined || end_ms === undefined) return []
        const attributes = attributesOf(span.attributes)
        const written = Number(firstOf(attributes, STATUS)) || 0
        const failed = isError((span.status as Values | undefined)?.code)
        const name = textIn(span.name)
        return [
          {
            at_ms: end_ms,
            ...place,
            service,
            route: routeOf(attributes, /[/?].*[/?=]/.test(name) ? '' : name),
            count: 1,
            status: written || (failed ? 500 : 200),
            duration_ms: Math.max(0, end_ms - start_ms),
          },
        ]
      }),
    )
  })
}
