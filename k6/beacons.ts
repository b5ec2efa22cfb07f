import http from 'k6/http'
import { metrics } from './metrics.ts'
import type { Playhead } from './player/playhead.ts'
import type { Played, Seen } from './player/playLive.ts'
import { addressSetting, setting } from './settings.ts'

/** One viewer's reports to a collector, as the player SDK would send them, marked synthetic. */
export interface Reporter {
  readonly started: (startup_ms: number) => void
  readonly beat: (playhead: Playhead, seen: Seen, reason: string) => void
  readonly interaction: (action: string, round: string, outcome: string, rtt_ms: number) => void
  readonly ended: (played: Played) => void
  /** How often the collector wants reports now, ms; 0: as often as we like. */
  readonly interval_ms: () => number
  /** Sends what has gathered. */
  readonly flush: () => Promise<void>
}

type Event = Record<string, unknown>

let warned = false
/** One line a run: the first refusal says why; the count is in `beacons_refused`. */
function warnOnce(text: string): void {
  if (!warned) console.error(text)
  warned = true
}

const SILENT: Reporter = {
  started: () => {},
  beat: () => {},
  interaction: () => {},
  ended: () => {},
  interval_ms: () => 0,
  flush: async () => {},
}

/** With `KEY`, a server key: virtual viewers are marked as such, which a public key may not. Reports to `COLLECTOR` (an origin) when it is set; else nowhere. */
export function createReporter(session: string): Reporter {
  const collector = addressSetting('COLLECTOR')
  if (collector === '') return SILENT
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
  let seq = 0
  let advised_ms = 0
  let waiting: Event[] = []
  const add = (event: Event) => waiting.push({ ...event, seq: ++seq, time_ms: Date.now() })
  const whole = (value: number | undefined) =>
    value === undefined ? undefined : Math.max(0, Math.round(value))
  return {
    started: (startup_ms) => add({ kind: 'startup', outcome: 'started', video_startup_time_ms: startup_ms }),
    beat: (playhead, seen, reason) =>
      add({
        kind: 'heartbeat',
        reason,
        state: playhead.state(),
        ...playhead.take(Date.now()),
        buffer_ms: whole(playhead.buffer_ms()),
        bitrate_kbps: seen.kbps,
        bandwidth_kbps: seen.bandwidth_kbps,
        requests: seen.requests,
        requests_failed: seen.requestsFailed,
        switches: seen.switches,
        bytes: seen.bytes,
        live_latency_ms: whole(seen.latency_ms),
      }),
    interaction: (action, round, outcome, rtt_ms) =>
      add({ kind: 'interaction', action, round, outcome, channel: 'api', rtt_ms }),
    ended: (played) => {
      if (played.startup_ms === undefined) {
        add({
          kind: 'startup',
          outcome: 'failed',
          error_category: 'network',
          error_message: played.failure ?? '',
        })
      }
    },
    interval_ms: () => advised_ms,
    flush: async () => {
      if (waiting.length === 0) return
      const events = waiting
      waiting = []
      const body = JSON.stringify({ key: setting('KEY', 'demo'), sent_ms: Date.now(), context, events })
      const response = await http.asyncRequest('POST', `${collector}/v1/beacons`, body, {
        headers: { 'Content-Type': 'text/plain' },
        tags: { name: 'beacon' },
      })
      metrics.beacons_sent.add(events.length)
      const advice = /interval_ms=(\d{1,5})\b/.exec(response.headers['Firstframe-Advice'] ?? '')
      advised_ms = Number(advice?.[1] ?? 0)
      if (response.status !== 204) {
        metrics.beacons_refused.add(events.length)
        warnOnce(`${collector} answered ${response.status}: ${String(response.body).slice(0, 300)}`)
      }
    },
  }
}
