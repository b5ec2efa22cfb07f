import { browser } from 'k6/browser'
import { record } from './metrics.ts'
import { summaryFiles } from './report/summary.ts'
import { numberSetting, reportFolder, required, thresholdsOf } from './settings.ts'

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

/** What the page keeps between two calls. */
interface Page extends Window {
  look?: () => Look
}

/** Runs in the page: loads hls.js. Rejects when the address gives no script. */
function loadLibrary(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = address
    script.onload = () => resolve('Hls' in window)
    script.onerror = () => reject(new Error(`hls.js could not be loaded from ${address}`))
    document.head.append(script)
  })
}

/** Runs in the page: plays, and counts frames. A frame later than the W3C's freeze rule allows ends a stall. */
function playStream(address: string): void {
  const video = document.querySelector('video')!
  const seen = { startup_ms: -1, played_ms: 0, stalled_ms: 0 }
  const requested = performance.now()
  let last = 0
  let gap = 40
  const onFrame = (now: number) => {
    if (seen.startup_ms < 0) seen.startup_ms = performance.now() - requested
    else {
      const since = now - last
      if (since > Math.max(3 * gap, gap + 150)) {
        seen.stalled_ms += since - gap
        seen.played_ms += gap
      } else {
        seen.played_ms += since
        gap += (since - gap) / 10
      }
    }
    last = now
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
  type Library = new () => { loadSource(url: string): void; attachMedia(media: HTMLVideoElement): void }
  const hls = new (window as unknown as { Hls: Library }).Hls()
  hls.loadSource(address)
  hls.attachMedia(video)
  video.play().catch(() => {})
  ;(window as Page).look = () => {
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
    const open = seen.startup_ms < 0 ? 0 : performance.now() - last
    return {
      startup_ms: seen.startup_ms,
      played_ms: seen.played_ms,
      stalled_ms: seen.stalled_ms + (open > 190 ? open : 0),
      total: totalVideoFrames,
      dropped: droppedVideoFrames,
    }
  }
}

export default async function viewer(): Promise<void> {
  const page = await browser.newPage()
  try {
    await page.setContent('<!doctype html><video muted playsinline></video>')
    const loaded = await page.evaluate(loadLibrary, library)
    if (!loaded) throw new Error(`${library} does not define Hls: give the address of hls.min.js`)
    await page.evaluate(playStream, url)
    await page.waitForTimeout(seconds * 1000)
    const seen = (await page.evaluate(() => (window as Page).look?.())) as Look
    record('video_start_failure', seen.startup_ms < 0)
    if (seen.startup_ms < 0) return
    record('video_startup_time', seen.startup_ms)
    // A Rate counts; a hundredth of a second is one count.
    for (let spent = 0; spent < seen.played_ms; spent += 10) record('rebuffering_ratio', false)
    for (let spent = 0; spent < seen.stalled_ms; spent += 10) record('rebuffering_ratio', true)
    for (let frame = 0; frame < seen.total; frame++) record('dropped_frames', frame < seen.dropped)
  } finally {
    await page.close()
  }
}

export const handleSummary = summaryFiles('browser', reportFolder())
