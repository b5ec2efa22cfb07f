import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, type OpenPage, openPage, READ_CLOCK_BAR, waitFor } from '../stream/index.ts'
import { type CueStage, startCueStage } from './cueStage.ts'
import { PLAYERS, pageScripts } from './players.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { buildFiles } from './stage.ts'
import { TRUTH } from './truth.ts'

/** One frame of 25 a second, and the vsync a paint waits for. */
const FRAME_MS = 40

const WATCH_CUES = `window.cues = []
window.watchCues = () => session.onCue((cue) => {
  const seen = { round: cue.round, data: cue.data, bits: readClockBar(video), called: performance.now(), frame_at: cue.frame_at }
  cues.push(seen)
  document.body.append(cue.round)
  requestAnimationFrame(() => { seen.painted = performance.now(); seen.painted_wall = trueNow() })
})`

const skewed = (ms: number) => `window.trueNow = Date.now.bind(Date)
Date.now = () => trueNow() + ${ms}`

interface SeenCue {
  readonly round: string
  readonly data: string
  readonly bits: number
  readonly frame_at: number
  readonly painted: number
  readonly painted_wall: number
}

let browser: Browser
let stage: CueStage
let recorder: Recorder
before(async () => {
  ;[browser, stage, recorder] = await Promise.all([launchBrowser(), startCueStage(), startRecorder()])
})
after(async () => {
  await browser?.close()
  await stage?.stop()
  await recorder?.stop()
})

/** Every app of one show: three with hls.js and clocks half a minute apart, one with mpegts.js. */
const APPS = [
  { app: 'early', player: 'hls.js', skew: -30_000 },
  { app: 'true', player: 'hls.js', skew: 0 },
  { app: 'late', player: 'hls.js', skew: 30_000 },
  { app: 'flv', player: 'mpegts.js', skew: 30_000 },
] as const

test('a round’s cue: the frame that carries it, the skew of the page, and the spread between apps with wrong clocks', async () => {
  const files = await buildFiles()
  const views: (OpenPage & { readonly app: string; readonly session: string })[] = []
  try {
    for (const { app, player: name, skew } of APPS) {
      const player = PLAYERS.find((each) => each.name === name)!
      const view = await openPage(browser, {
        ...(player.library && { libraries: [player.library] }),
        scripts: [skewed(skew), TRUTH, READ_CLOCK_BAR, ...pageScripts({ files }, player), WATCH_CUES],
      })
      const url = name === 'hls.js' ? stage.hlsUrl : stage.flvUrl
      await view.page.evaluate(`start(${JSON.stringify(url)}, ${JSON.stringify({ url: recorder.url, app })})`)
      await view.page.evaluate('watchCues()')
      views.push({ ...view, app, session: (await view.page.evaluate('session.id')) as string })
    }
    for (const { page, errors } of views) {
      const what = 'the pictures, and the clocks measured'
      let state: unknown[] = []
      const playing = async () => {
        state = (await page.evaluate('[truth.frames.length, session.clock(), video.readyState]')) as unknown[]
        return Number(state[0]) > 25 && Boolean(state[1])
      }
      await waitFor(playing, { what, detail: () => JSON.stringify([errors, state]) })
    }

    const rounds = ['red-1', 'red-2', 'red-3']
    const shown_ms = new Map<string, number>()
    for (const round of rounds) {
      const outcome = await stage.trigger({ round, data: '{"coupon":3}' })
      assert.ok(outcome.ok)
      shown_ms.set(round, outcome.inserted.show_ms)
      for (const { app, page, session } of views) {
        const come = () => recorder.events('cue', session).some((each) => each.round === round)
        const look = async () => JSON.stringify(await page.evaluate('cues'))
        let seen = ''
        await waitFor(
          async () => {
            seen = await look()
            return come()
          },
          { what: `${round} in ${app}`, detail: () => seen },
        )
      }
    }

    assert.deepEqual(recorder.problems, [])
    const errors: number[] = []
    for (const { app, page, session } of views) {
      const cues = (await page.evaluate('cues')) as SeenCue[]
      const reported = recorder.events('cue', session)
      assert.deepEqual(
        cues.map((each) => each.round),
        rounds,
        `${app}: each once, in order`,
      )
      for (const cue of cues) {
        assert.equal(cue.data, '{"coupon":3}')
        const burnt = await stage.burnt(shown_ms.get(cue.round)!)
        assert.ok(
          Math.abs(cue.bits - burnt) <= FRAME_MS,
          `${app} ${cue.round}: frame ${cue.bits - burnt} ms off`,
        )
        errors.push(cue.bits - burnt)
        const event = reported.find((each) => each.round === cue.round)!
        const skew = cue.painted - cue.frame_at
        assert.ok(
          Math.abs(event.skew_ms! - skew) <= FRAME_MS,
          `${app}: skew told ${event.skew_ms}, true ${skew}`,
        )
      }
    }

    const spreads: string[] = []
    for (const round of rounds) {
      const of = async (which: (view: (typeof views)[number]) => number | Promise<number>) =>
        Promise.all(views.map(which))
      const notified = await of(
        ({ session }) =>
          recorder.events('cue', session).find((each) => each.round === round)!.since_trigger_ms!,
      )
      const truth = await of(
        async ({ page }) =>
          ((await page.evaluate('cues')) as SeenCue[]).find((each) => each.round === round)!.painted_wall,
      )
      const spread = (values: number[]) => Math.max(...values) - Math.min(...values)
      spreads.push(`${spread(notified).toFixed(0)}/${spread(truth)}`)
      assert.ok(
        Math.abs(spread(notified) - spread(truth)) <= 20,
        `${round}: spread told ${spread(notified)}, true ${spread(truth)}`,
      )
    }
    console.log(
      `# frames off by ${[...new Set(errors)].join(', ')} ms; spread told/true ${spreads.join(', ')} ms`,
    )
  } finally {
    for (const view of views) await view.close()
  }
})
