import exec from 'k6/execution'
import http from 'k6/http'
import { createReporter, type Reporter } from './beacons.ts'
import { readMedia, readVariants } from './player/playlist.ts'
import { numberSetting, required } from './settings.ts'

/** One step of a drill, as `firstframe drill` runs it: each target at its own rate for some seconds. */
interface Target {
  readonly name: string
  readonly url: string
  readonly method: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Requests a second; of a stream, viewers who fetch a segment a second. */
  readonly rate: number
  readonly stream: boolean
}

const targets = JSON.parse(required('TARGETS', 'a list of targets as JSON')) as readonly Target[]
const seconds = numberSetting('SECONDS', 10)
const timeout = `${numberSetting('TIMEOUT_MS', 5_000)}ms`
const run = required('RUN', 'a name that marks the traffic')

/** More virtual users than these wait for nobody: what cannot be sent is counted as not answered. */
const MOST_WAITING = 400

export const options = {
  discardResponseBodies: false,
  scenarios: Object.fromEntries(
    targets.map(({ name, rate }, index) => [
      name,
      {
        executor: 'constant-arrival-rate',
        rate: Math.max(1, Math.round(rate * 10)),
        timeUnit: '10s',
        duration: `${seconds}s`,
        gracefulStop: timeout,
        preAllocatedVUs: Math.min(MOST_WAITING, Math.max(2, Math.ceil(rate))),
        maxVUs: Math.min(MOST_WAITING, Math.max(4, Math.ceil(rate * 4))),
        env: { TARGET: String(index) },
      },
    ]),
  ),
  // k6 tells a scenario's own numbers only where a threshold asks for them.
  thresholds: Object.fromEntries(
    targets.flatMap(({ name }) => [
      [`http_req_duration{target:${name}}`, ['max>=0']],
      [`http_req_failed{target:${name}}`, ['rate>=0']],
      [`http_reqs{target:${name}}`, ['count>=0']],
      [`dropped_iterations{scenario:${name}}`, ['count>=0']],
    ]),
  ),
  summaryTrendStats: ['med', 'p(95)', 'max'],
}

declare const __ENV: Record<string, string | undefined>

let reporter: Reporter | undefined

export default async function request(): Promise<void> {
  const target = targets[Number(__ENV.TARGET)]!
  const id = `${run}-${exec.vu.idInTest}-${exec.vu.iterationInScenario}`
  const params = {
    timeout,
    tags: { target: target.name, name: target.name },
    headers: {
      'User-Agent': `firstframe-drill/${run}`,
      'X-Firstframe-Synthetic': run,
      ...(target.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...target.headers,
    },
  }
  if (target.stream) {
    fetchNewest(target.url, params)
    return
  }
  const began = Date.now()
  const body = target.body?.replaceAll('{id}', id)
  const answer = http.request(target.method, target.url.replaceAll('{id}', id), body, params)
  reporter ??= createReporter(`${run}-${exec.vu.idInTest}`)
  const outcome = answer.status === 0 ? 'timeout' : answer.status < 400 ? 'success' : 'failed'
  reporter.interaction(target.name, run, outcome, Date.now() - began)
  await reporter.flush()
}

/** What a viewer of a stream fetches in a second: the playlist, and the newest segment in it. */
function fetchNewest(url: string, params: object): void {
  let base = url
  let answer = http.get(base, params)
  const [variant] = answer.status === 200 ? readVariants(String(answer.body), base) : []
  if (variant !== undefined) {
    base = variant.uri
    answer = http.get(base, params)
  }
  const segment = answer.status === 200 ? readMedia(String(answer.body), base)?.segments.at(-1) : undefined
  if (segment !== undefined) http.get(segment.uri, { ...params, responseType: 'none' })
}

/** The step's numbers by target, as one line of JSON on standard output. */
export function handleSummary(data: {
  readonly metrics: Readonly<
    Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>
  >
}): Record<string, string> {
  const value = (metric: string, of: string) => data.metrics[metric]?.values[of] ?? 0
  const lines = targets.map(({ name, rate }) => ({
    name,
    asked_per_s: rate,
    requests: value(`http_reqs{target:${name}}`, 'count'),
    dropped: value(`dropped_iterations{scenario:${name}}`, 'count'),
    failed: value(`http_req_failed{target:${name}}`, 'rate'),
    median_ms: value(`http_req_duration{target:${name}}`, 'med'),
    p95_ms: value(`http_req_duration{target:${name}}`, 'p(95)'),
  }))
  return { stdout: `${JSON.stringify(lines)}\n` }
}
