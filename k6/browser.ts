import { browser } from 'k6/browser'
import { metrics } from './metrics.ts'
import { summaryFiles } from './report/summary.ts'
import { numberSetting, required, thresholdsOf } from './settings.ts'

const url = required('URL', 'the address of a live HLS playlist')
const library = required('HLS_JS', 'where hls.js is served, e.g. the address of hls.min.js')
const seconds = numberSetting('SECONDS', 20)

export const options = {
  scenarios: {
    browser: {
      executor: 'per-vu-iterations',
      vus: numberSetting('VIEWERS', 1),
      iterations: 1,
      maxDuration: `${Math.ceil(seconds + 60)}s`,
      options: { browser: { type: 'chromium' } },
    },
  },
  thresholds: thresholdsOf([
    'video_startup_time',
    'rebuffering_ratio',
    'video_start_failure',
    'dropped_frames',
  ]),
}

interface Look {
  readonly startup_ms: number
  readonly played_ms: number
  readonly stalled_ms: number
  readonly total: number
  readonly dropped: number
}

/** Runs in the page: a frame that comes later than the W3C's freeze rule allows ends a stall. */
const PAGE = `
window.play = (url) => {
  const video = document.querySelector('video')
  const seen = { startup_ms: -1, played_ms: 0, stalled_ms: 0 }
  const requested = performance.now()
  let last = 0, gap = 40
  const frame = (now) => {
    if (seen.startup_ms < 0) seen.startup_ms = performance.now() - requested
    else {
      const since = now - last
      if (since > Math.max(3 * gap, gap + 150)) { seen.stalled_ms += since - gap; seen.played_ms += gap }
      else { seen.played_ms += since; gap += (since - gap) / 10 }
    }
    last = now
    video.requestVideoFrameCallback(frame)
  }
  video.requestVideoFrameCallback(frame)
  const hls = new Hls()
  hls.loadSource(url)
  hls.attachMedia(video)
  video.play().catch(() => {})
  window.look = () => {
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
    const open = seen.startup_ms < 0 ? 0 : performance.now() - last
    return { ...seen, stalled_ms: seen.stalled_ms + (open > 190 ? open : 0), total: totalVideoFrames, dropped: droppedVideoFrames }
  }
}`

export default async function viewer(): Promise<void> {
  const page = await browser.newPage()
  try {
    await page.setContent('<!doctype html><video muted playsinline></video>')
    await page.evaluate(`new Promise((resolve, reject) => {
      const script = document.createElement('script')
      script.src = ${JSON.stringify(library)}
      script.onload = () => resolve(true)
      script.onerror = () => reject(new Error('hls.js could not be loaded'))
      document.head.append(script)
    })`)
    await page.evaluate(`${PAGE}; play(${JSON.stringify(url)})`)
    await page.waitForTimeout(seconds * 1000)
    const seen = (await page.evaluate('look()')) as Look
    metrics.video_start_failure.add(seen.startup_ms < 0)
    if (seen.startup_ms < 0) return
    metrics.video_startup_time.add(seen.startup_ms)
    // a Rate counts; a hundredth of a second is one count
    for (let spent = 0; spent < seen.played_ms; spent += 10) metrics.rebuffering_ratio.add(false)
    for (let spent = 0; spent < seen.stalled_ms; spent += 10) metrics.rebuffering_ratio.add(true)
    for (let frame = 0; frame < seen.total; frame++) metrics.dropped_frames.add(frame < seen.dropped)
  } finally {
    await page.close()
  }
}

export const handleSummary = summaryFiles('browser')
