import fc from 'fast-check'
import { LOG_FORMATS } from '../../collector/edge/edgeSource.ts'
import { SERVER_KEY, startTestCollector, type TestCollector } from '../../collector/testing.ts'
import { ingestRoutes } from '../../ingest/routes.ts'
import { REASONS } from '../../schemas/reasons.ts'
import { type FuzzRequest, requestsOf } from './requests.ts'

/** What one route was asked, and what was wrong with its answers; `failure` is undefined when nothing was. */
export interface FuzzResult {
  readonly route: string
  readonly requests: number
  readonly refused: Readonly<Record<string, number>>
  readonly failure: string | undefined
}

/** The collector that is fuzzed: every route, a real log. */
export const startFuzzed = (): Promise<TestCollector> => {
  const clock = Date.now
  return startTestCollector({
    clock,
    trustedProxies: ['127.0.0.1'],
    edge: Object.fromEntries(
      LOG_FORMATS.map((format) => [format, { format, secret: 'a-secret-of-the-edge', tenant: 'demo' }]),
    ),
    routes: ingestRoutes({
      tenantOf: (key) => (key === SERVER_KEY ? 'demo' : undefined),
      publishSecrets: () => [],
      emit: () => undefined,
      clock,
    }),
  })
}

/**
 * Asks one route many generated requests, in sequences that meet the same sessions and streams. Each answer has to be no
 * 5xx, a refusal has to have a code of the catalogue, and accepted and refused events have to be all events.
 */
export async function fuzzRoute(
  it: TestCollector,
  route: string,
  { requests, seed }: { readonly requests: number; readonly seed: number },
): Promise<FuzzResult> {
  const arbitrary = requestsOf(Date.now())[route]!
  const refused: Record<string, number> = {}
  let requested = 0
  let failure: string | undefined
  const { facts } = it
  // Samples come in portions, so that a million of them are never in memory together.
  for (let portion = 0; requested < requests && failure === undefined; portion += 1) {
    const sample = fc.sample(arbitrary, {
      numRuns: Math.min(500, requests - requested),
      seed: seed + portion,
    })
    const problems = await Promise.all(sample.map((request) => ask(it, request, refused)))
    requested += sample.length
    failure = problems.find((problem) => problem !== undefined)
    const thrown = facts.find(({ type }) => type === 'route_failed' || type === 'bug')
    if (thrown !== undefined) failure ??= `thrown: ${String((thrown.error as Error)?.stack)}`
    facts.length = 0
  }
  return { route, requests: requested, refused, failure }
}

async function ask(
  { collector }: TestCollector,
  request: FuzzRequest,
  refused: Record<string, number>,
): Promise<string | undefined> {
  const { method, url, headers, body } = request
  const answer = await collector.app.inject({ method, url, headers, payload: body })
  const described = () =>
    `${method} ${url} ${JSON.stringify(headers)} ${body?.toString('base64') ?? ''} → ${answer.statusCode} ${answer.body.slice(0, 300)}`
  // A full queue is no fault: it says so, and when to try again.
  if (answer.statusCode === 503 && answer.headers['retry-after'] !== undefined) return undefined
  if (answer.statusCode >= 500) return described()
  const isJson = String(answer.headers['content-type']).startsWith('application/json')
  if (!isJson || url.startsWith('/v1/ingest')) return undefined
  let value: { code?: string; refused?: { code: string }[] }
  try {
    value = JSON.parse(answer.body) as typeof value
  } catch {
    return described()
  }
  const codes = [
    ...(value.code === undefined ? [] : [value.code]),
    ...(value.refused ?? []).map(({ code }) => code),
  ]
  if (answer.statusCode >= 400 && codes.length === 0) return described()
  for (const code of codes) {
    refused[code] = (refused[code] ?? 0) + 1
    if (!(code in REASONS)) return described()
  }
  return undefined
}
