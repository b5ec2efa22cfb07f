import exec from 'k6/execution'
import { createReporter } from './beacons.ts'
import { record } from './metrics.ts'
import { type Played, playLive } from './player/playLive.ts'
import { summaryFiles } from './report/summary.ts'
import { beaconThresholds, numberSetting, reportFolder, required, thresholdsOf } from './settings.ts'

const url = required('URL', 'the address of a live HLS playlist')
const viewers = numberSetting('VIEWERS', 1)
const seconds = numberSetting('SECONDS', 30)
const ramp_seconds = numberSetting('RAMP_SECONDS', Math.min(5, viewers / 10))

export const options = {
  scenarios: {
    viewers: {
      executor: 'per-vu-iterations',
      vus: viewers,
      iterations: 1,
      maxDuration: `${Math.ceil(ramp_seconds + seconds + 60)}s`,
    },
  },
  thresholds: {
    ...thresholdsOf([
      'video_startup_time',
      'rebuffering_ratio',
      'rebuffering_frequency',
      'stalled_viewers',
      'video_start_failure',
      'live_latency',
      'media_request_failure',
    ]),
    ...beaconThresholds(),
  },
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** One virtual viewer: arrives, watches for `SECONDS`, leaves; its numbers go into the metrics of the catalogue. */
export async function watchOnce(session: string): Promise<Played> {
  const reporter = createReporter(session)
  let stalls = 0
  const beat =
    (reason: string) =>
    (playhead: Parameters<typeof reporter.beat>[0], seen: Parameters<typeof reporter.beat>[1]) => {
      reporter.beat(playhead, seen, reason)
      return reporter.flush()
    }
  const played = await playLive({
    url,
    stay_ms: seconds * 1000,
    holdBackSegments: numberSetting('HOLD_BACK_SEGMENTS', 3),
    startTimeout_ms: numberSetting('START_TIMEOUT_SECONDS', 20) * 1000,
    on: {
      started: (startup_ms) => {
        record('video_startup_time', startup_ms)
        reporter.started(startup_ms)
      },
      request: (ok) => record('media_request_failure', !ok),
      stall: (began) => {
        if (began) stalls++
      },
      tick: ({ stalled, latency_ms, kbps }) => {
        record('rebuffering_ratio', stalled)
        if (!stalled && latency_ms !== undefined) record('live_latency', latency_ms)
        if (!stalled) record('bitrate', kbps)
      },
      beat: beat('interval'),
      interval_ms: reporter.interval_ms,
    },
  })
  record('video_start_failure', played.startup_ms === undefined)
  if (played.startup_ms !== undefined) {
    record('stalled_viewers', stalls > 0 || played.stalls > 0)
    record('rebuffering_frequency', played.stalls / ((played.played_ms + played.stalled_ms) / 60_000))
  }
  reporter.ended(played)
  await reporter.flush()
  return played
}

export default async function viewer(): Promise<void> {
  await wait(Math.random() * ramp_seconds * 1000)
  await watchOnce(`k6-${exec.vu.idInTest}-${Date.now().toString(36)}`)
}

export const handleSummary = summaryFiles('viewer', reportFolder())
