import exec from 'k6/execution'
import http from 'k6/http'
import { metrics } from './metrics.ts'
import { summaryFiles } from './report/summary.ts'
import { numberSetting, reportFolder, required, setting } from './settings.ts'

const collector = required('COLLECTOR', 'the collector’s origin')
const viewers = numberSetting('VIEWERS', 1_000)
const seconds = numberSetting('SECONDS', 60)
const pulseAt = numberSetting('PULSE_AT_SECONDS', Math.floor(seconds / 2))
const pulse_seconds = numberSetting('PULSE_SECONDS', Math.min(10, Math.floor(seconds / 4)))
const pulseTimes = numberSetting('PULSE_TIMES', 10)
const HEARTBEAT_S = 10

/** Viewers report every ten seconds; a round multiplies what they send for a moment. */
const perSecond = Math.max(1, Math.round(viewers / HEARTBEAT_S))
const vus = (rate: number) => ({ preAllocatedVUs: Math.min(400, Math.ceil(rate / 4) + 2), maxVUs: 1_000 })

export const options = {
  discardResponseBodies: true,
  scenarios: {
    heartbeats: {
      executor: 'constant-arrival-rate',
      exec: 'heartbeat',
      rate: perSecond,
      timeUnit: '1s',
      duration: `${seconds}s`,
      ...vus(perSecond),
    },
    pulse: {
      executor: 'constant-arrival-rate',
      exec: 'interaction',
      startTime: `${pulseAt}s`,
      rate: perSecond * (pulseTimes - 1),
      timeUnit: '1s',
      duration: `${pulse_seconds}s`,
      ...vus(perSecond * (pulseTimes - 1)),
    },
  },
  thresholds: {
    http_req_failed: ['rate<=0.001'],
    http_req_duration: [`p(99)<=${numberSetting('P99_MS', 1_000)}`],
    beacons_sent: ['count>0'],
    beacons_refused: ['count<=0'],
    dropped_iterations: ['count<=0'],
  },
}

const run = Date.now().toString(36)
const headers = { 'Content-Type': 'text/plain' }

function send(session: string, event: Record<string, unknown>): void {
  const context = {
    session,
    show: setting('SHOW', 'k6'),
    stream: setting('STREAM', 'k6'),
    app: setting('APP', 'k6'),
    player: 'k6',
    protocol: 'hls',
    source: 'k6',
    synthetic: true,
  }
  const body = JSON.stringify({ key: setting('KEY', 'demo'), sent_ms: Date.now(), context, events: [event] })
  const response = http.post(`${collector}/v1/beacons`, body, { headers })
  metrics.beacons_sent.add(1)
  if (response.status !== 204) metrics.beacons_refused.add(1)
}

/** The n-th beacon of all is the ⌊n ÷ viewers⌋-th of its viewer. */
export function heartbeat(): void {
  const count = exec.scenario.iterationInTest
  const stalled = count % 97 === 0 ? 600 : 0
  send(`k6-${run}-${count % viewers}`, {
    kind: 'heartbeat',
    seq: Math.floor(count / viewers) + 1,
    time_ms: Date.now(),
    reason: 'interval',
    state: 'playing',
    interval_ms: HEARTBEAT_S * 1000,
    played_ms: HEARTBEAT_S * 1000 - stalled,
    stalled_ms: stalled,
    stall_count: stalled > 0 ? 1 : 0,
    bitrate_kbps: 2_000,
    buffer_ms: 4_000,
    live_latency_ms: 3_000 + (count % 500),
  })
}

/** What a round brings on top: everybody submits within its window. */
export function interaction(): void {
  const count = exec.scenario.iterationInTest
  send(`k6-${run}-i${count % viewers}`, {
    kind: 'interaction',
    seq: Math.floor(count / viewers) + 1,
    time_ms: Date.now(),
    action: 'red_packet',
    round: 'k6',
    channel: 'api',
    outcome: 'success',
    rtt_ms: 80,
  })
}

export const handleSummary = summaryFiles('collector-load', reportFolder())
