import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { clockBarTime, openPage, READ_CLOCK_BAR, startShaper, waitFor } from '../stream/index.ts'
import { PLAYERS, pageScripts } from './players.ts'
import { type Stage, startStage } from './stage.ts'
import { TRUTH, type Truth, trueStalls } from './truth.ts'

const sum = (values: readonly (number | undefined)[]) =>
  values.reduce<number>((all, each) => all + (each ?? 0), 0)

describe('each adapter in Chromium, against the truth of frame callbacks', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage?.stop())
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  for (const player of PLAYERS) {
    test(`${player.name}: the last interval arrives when the tab is closed`, async () => {
      const source = stage[player.source]
      const view = await openPage(stage.browser, {
        ...(player.library && { libraries: [player.library] }),
        scripts: [TRUTH, READ_CLOCK_BAR, ...pageScripts(stage, player)],
      })
      undo.push(view.close)
      const ask = <T>(code: string) => view.page.evaluate(code) as Promise<T>
      const options = JSON.stringify({ url: stage.recorder.url })
      await ask(`void start(${JSON.stringify(source.origin + source.path)}, ${options})`)
      await waitFor(() => ask<boolean>('truth.frames.length > 25'), { what: 'a second of play' })
      const { session, from_ms } = await ask<{ session: string; from_ms: number }>(
        '({ session: session.id, from_ms: Date.now() - performance.now() + truth.from })',
      )
      await view.page.close()
      const beats = () => stage.recorder.events('heartbeat', session)
      const hidden = () => beats().find((each) => each.reason === 'hide')
      const last = await waitFor(hidden, { what: 'the last interval' })
      const reported = sum(beats().map((each) => each.interval_ms))
      const lived = last.time_ms! - from_ms
      assert.ok(
        lived > 900 && Math.abs(reported - lived) < 50,
        `the intervals tile the session: ${reported} of ${lived}`,
      )
    })

    test(`${player.name}: first screen, a scripted stall, a seek, a pause, and a page that navigates away`, async () => {
      const source = stage[player.source]
      const shaper = await startShaper({ target: source.origin, line: source.line ?? {} })
      undo.push(shaper.stop)
      const view = await openPage(stage.browser, {
        ...(player.library && { libraries: [player.library] }),
        scripts: [TRUTH, READ_CLOCK_BAR, ...pageScripts(stage, player)],
      })
      const { page } = view
      undo.push(view.close)
      {
        const ask = <T>(code: string) => page.evaluate(code) as Promise<T>
        const options = JSON.stringify({ url: stage.recorder.url })
        await ask(`void start(${JSON.stringify(`${shaper.url}${source.path}`)}, ${options})`)
        await waitFor(() => ask('Boolean(window.session)'), { what: 'the session' })
        const session = await ask<string>('session.id')
        const beats = () => stage.recorder.events('heartbeat', session)
        const reported = () => JSON.stringify([view.errors, beats().slice(-3)])
        const frames = async (more: number) => {
          const from = await ask<number>('truth.frames.length')
          const what = `${more} frames of ${player.name}`
          await waitFor(() => ask<boolean>(`truth.frames.length >= ${from + more}`), {
            what,
            detail: reported,
          })
        }
        const epoch = await ask<number>('Date.now() - performance.now()')
        /** Beats since the line was cut: a busy machine may have stalled for a moment before. */
        let outage = 0
        const since = () => beats().filter((each) => each.time_ms! - epoch > outage)
        const beat = (reason: string) =>
          waitFor(() => since().find((each) => each.reason === reason), { what: reason, detail: reported })

        await frames(40)
        outage = await ask<number>('performance.now()')
        shaper.set({ outage: 'hang' })
        const begun = await beat('stall_start')
        await waitFor(() => ask('performance.now() - truth.frames.at(-1).at > 1600'), {
          what: '1.6 s of stall',
        })
        shaper.set({ outage: false })
        await beat('stall_end')
        const over = await ask<number>('performance.now()')
        const cut = since().findIndex((each) => each.reason === 'stall_end') + 1
        await frames(20)
        const quiet = beats().length
        await ask(
          'video.currentTime = Math.max(video.buffered.start(video.buffered.length - 1), video.currentTime - 0.8)',
        )
        await frames(15)
        await ask('void (window.pausedAt = performance.now(), video.pause())')
        await ask('new Promise((done) => setTimeout(done, 400))')
        const bits = player.dated ? await ask<number>('readClockBar(video)') : 0
        const stood_ms = await ask<number>('(video.play(), performance.now() - pausedAt)')
        await frames(15)
        const truth = await ask<Truth>('truth')
        await page.goto('about:blank')
        const last = await beat('hide')

        const [startup] = stage.recorder.events('startup', session)
        let latency = ''
        assert.equal(startup!.outcome, 'started')
        const first = truth.frames[0]!.at - truth.from
        const off = startup!.video_startup_time_ms! - first
        assert.ok(Math.abs(off) <= 50, `first screen: told ${startup!.video_startup_time_ms}, true ${first}`)

        const true_ms = sum(
          trueStalls(truth)
            .filter((each) => each.at + each.ms > outage && each.at < over)
            .map((each) => each.ms),
        )
        const told_ms = sum(
          since()
            .slice(0, cut)
            .map((each) => each.stalled_ms),
        )
        const bound = Math.max(150, 0.05 * true_ms)
        assert.ok(true_ms > 1_500, `the line was cut for long enough: ${true_ms}`)
        assert.ok(Math.abs(told_ms - true_ms) <= bound, `stalled: told ${told_ms} ms, true ${true_ms} ms`)
        const begun_at = begun.time_ms! - epoch
        const stillFor = begun_at - truth.frames.findLast(({ at }) => at <= begun_at)!.at
        assert.ok(stillFor < 600, `told ${stillFor} ms after the last frame`)
        assert.ok(
          (begun.stalled_ms ?? 0) >= 100 && (begun.stalled_ms ?? 0) <= 500,
          `first told: ${begun.stalled_ms}`,
        )

        const later = beats().slice(quiet)
        const excused = trueStalls(truth).filter((each) => each.at > over).length
        assert.ok(
          sum(later.map((each) => each.stall_count)) <= excused,
          'neither the seek nor the pause is a stall',
        )
        const paused_ms = sum(later.map((each) => each.paused_ms))
        assert.ok(Math.abs(paused_ms - stood_ms) <= 150, `paused: told ${paused_ms} ms, true ${stood_ms} ms`)

        if (player.dated) {
          const notified = beats().find((each) => each.reason === 'pause')!
          const true_latency = notified.time_ms! - clockBarTime(bits, Date.now())
          latency = `; latency told ${notified.live_latency_ms} true ${true_latency}`
          assert.ok(Math.abs(notified.live_latency_ms! - true_latency) <= 300, latency)
        }

        assert.deepEqual(stage.recorder.problems, [], 'the catalogue takes every event')
        for (const each of beats()) {
          const parts = sum([each.played_ms, each.stalled_ms, each.paused_ms, each.seeking_ms])
          if (each.reason !== 'start') assert.equal(parts, each.interval_ms, `the parts of ${each.reason}`)
        }
        const whole = sum(beats().map((each) => each.interval_ms))
        const lived = last.time_ms! - epoch - truth.from
        assert.ok(Math.abs(whole - lived) < 50, `the intervals tile the session: ${whole} of ${lived}`)
        assert.equal(last.player, player.name)
        if (player.codec !== undefined) assert.equal(last.codec, player.codec)
        if (player.source !== 'file')
          assert.ok(sum(beats().map((each) => each.bytes)) > 50_000, `bytes: ${reported()}`)
        console.log(
          `# ${player.name}: first screen told ${startup!.video_startup_time_ms} true ${first.toFixed(1)}; ` +
            `stalled told ${told_ms} true ${true_ms.toFixed(0)} ms; first told ${begun.stalled_ms} ms into it${latency}`,
        )
      }
    })
  }
})
