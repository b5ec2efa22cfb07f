import exec from 'k6/execution'
import http from 'k6/http'
import { createReporter } from './beacons.ts'
import { record } from './metrics.ts'
import { playLive } from './player/playLive.ts'
import { summaryFiles } from './report/summary.ts'
import {
  addressSetting,
  beaconThresholds,
  numberSetting,
  reportFolder,
  required,
  thresholdsOf,
} from './settings.ts'

const url = required('URL', 'the address of a live HLS playlist')
const viewers = numberSetting('VIEWERS', 50)
const seconds = numberSetting('SECONDS', 120)
/** Share of the audience that is there from the first second; the rest arrives as people do before a show begins. */
const arrive_seconds = numberSetting('ARRIVE_SECONDS', seconds / 3)
const roundEvery_seconds = numberSetting('ROUND_EVERY_SECONDS', 30)
const roundWindow_seconds = numberSetting('ROUND_WINDOW_SECONDS', 5)
/** Share of the viewers who take part in a round. */
const takePart = numberSetting('TAKE_PART', 0.6)
const interactionUrl = addressSetting('INTERACTION_URL')
const slow_ms = numberSetting('INTERACTION_TIMEOUT_MS', 5_000)

export const options = {
  scenarios: {
    audience: {
      executor: 'per-vu-iterations',
      vus: viewers,
      iterations: 1,
      maxDuration: `${Math.ceil(seconds + 60)}s`,
    },
  },
  thresholds: {
    ...thresholdsOf([
      'video_startup_time',
      'rebuffering_ratio',
      'video_start_failure',
      'media_request_failure',
      ...(interactionUrl === '' ? [] : (['interaction_success', 'interaction_latency'] as const)),
    ]),
    ...beaconThresholds(),
  },
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))

/**
 * When the k-th of n viewers arrives, as a share of the arrival time: slow, then steep, then slow (a logistic curve
 * between 0 and 1), so that the encoder of the curve is one line and its shape is that of a show's beginning.
 */
function arrival(k: number, n: number): number {
  const share = (k + 0.5) / n
  const steep = 6
  const at = (p: number) => Math.log(p / (1 - p)) / (2 * steep) + 0.5
  return Math.min(1, Math.max(0, at(share)))
}

/** One submission of a round: to the platform where there is one, else only reported to the collector. */
async function submit(round: string, reporter: ReturnType<typeof createReporter>): Promise<void> {
  if (interactionUrl === '') {
    reporter.interaction('red_packet', round, 'success', 0)
    await reporter.flush()
    return
  }
  const began = Date.now()
  const body = JSON.stringify({ round, viewer: `k6-${exec.vu.idInTest}`, action: 'red_packet' })
  const response = await http.asyncRequest('POST', interactionUrl, body, {
    headers: { 'Content-Type': 'application/json' },
    timeout: `${slow_ms}ms`,
    tags: { name: 'interaction' },
  })
  const took_ms = Date.now() - began
  // a refusal by the rules of the game (already drawn, sold out) is an answer, not a failure
  const refused = response.status === 409 || response.status === 410
  const ok = refused || (response.status >= 200 && response.status < 300)
  record('interaction_success', ok)
  if (ok) record('interaction_latency', took_ms)
  reporter.interaction(
    'red_packet',
    round,
    refused ? 'refused' : ok ? 'success' : response.status === 0 ? 'timeout' : 'failed',
    took_ms,
  )
  await reporter.flush()
}

/** Rounds come at the same moments for everybody; each viewer submits at a random moment of the round's window. */
async function playRounds(until: number, reporter: ReturnType<typeof createReporter>): Promise<void> {
  const began = exec.scenario.startTime
  for (let round = 1; ; round++) {
    const opens = began + round * roundEvery_seconds * 1000
    const at = opens + Math.random() * roundWindow_seconds * 1000
    if (at > until) return
    if (at < Date.now()) continue
    await wait(at - Date.now())
    if (Math.random() < takePart) await submit(`k6-${round}`, reporter)
  }
}

export default async function viewer(): Promise<void> {
  const until = exec.scenario.startTime + seconds * 1000
  await wait(arrival((exec.vu.idInTest - 1) % viewers, viewers) * arrive_seconds * 1000)
  const reporter = createReporter(`k6-${exec.vu.idInTest}-${Date.now().toString(36)}`)
  const watching = playLive({
    url,
    stay_ms: Math.max(1_000, until - Date.now()),
    holdBackSegments: numberSetting('HOLD_BACK_SEGMENTS', 3),
    startTimeout_ms: 20_000,
    on: {
      started: (startup_ms) => {
        record('video_startup_time', startup_ms)
        reporter.started(startup_ms)
      },
      request: (ok) => record('media_request_failure', !ok),
      tick: ({ stalled }) => record('rebuffering_ratio', stalled),
      beat: (playhead, seen) => {
        reporter.beat(playhead, seen, 'interval')
        void reporter.flush()
      },
      interval_ms: reporter.interval_ms,
    },
  })
  const [played] = await Promise.all([watching, playRounds(until, reporter)])
  record('video_start_failure', played.startup_ms === undefined)
  reporter.ended(played)
  await reporter.flush()
}

export const handleSummary = summaryFiles('audience', reportFolder())
