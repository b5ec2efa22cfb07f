import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type OpenPage, openPage, startShaper, waitFor } from '../stream/index.ts'
import { PLAYERS, pageScripts } from './players.ts'
import { type Stage, startStage } from './stage.ts'
import { TRUTH } from './truth.ts'

const json = JSON.stringify

/** A page with hls.js in its default settings, which mends a fatal error as hls.js's documentation says. */
const MENDS = `
window.fatals = []
window.mend = () => player.on('hlsError', (_, { fatal, type, details }) => {
  if (!fatal) return
  fatals.push(details)
  if (/^manifest/.test(details)) setTimeout(() => player.loadSource(window.address), 1000)
  else if (type === 'networkError') setTimeout(() => player.startLoad(), 1000)
  else player.recoverMediaError()
})`

describe('what a page mends is no failure', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage?.stop())
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  const open = async () => {
    const player = PLAYERS.find(({ name }) => name === 'hls.js')!
    const view: OpenPage = await openPage(stage.browser, {
      libraries: ['hls.js'],
      scripts: [TRUTH, ...pageScripts(stage, player), MENDS],
    })
    undo.push(view.close)
    const shaper = await startShaper({ target: stage.hls.origin })
    undo.push(shaper.stop)
    const evaluate = <T>(code: string) => view.page.evaluate(code) as Promise<T>
    const start = (address: string) =>
      evaluate(
        `(async () => { window.address = ${json(address)}; await start(address, ${json({
          url: stage.recorder.url,
          heartbeat_ms: 2_000,
        })}).catch(() => {}); mend() })()`,
      )
    return { ...view, shaper, evaluate, start, session: () => evaluate<string>('session.id') }
  }

  test('a playlist that answers 503 for five seconds, and startLoad() by the page', {
    timeout: 90_000,
  }, async () => {
    const { shaper, start, evaluate, session } = await open()
    await start(shaper.url + stage.hls.path)
    const id = await session()
    const beats = () => stage.recorder.events('heartbeat', id)
    await waitFor(() => beats().length >= 3, { what: 'play' })
    const end = shaper.fault({ path: /\.m3u8/, status: 503 })
    await waitFor(() => evaluate<boolean>('fatals.length > 0'), { what: 'a fatal error' })
    await pause(1_000)
    end()
    const before = beats().length
    await waitFor(() => beats().length >= before + 4, { what: 'reports that go on' })
    assert.deepEqual(
      stage.recorder.events('startup', id).map(({ outcome }) => outcome),
      ['started'],
    )
    assert.ok(beats().every(({ error_fatal }) => error_fatal !== true))
    assert.ok(
      beats().some(({ error_code }) => error_code !== undefined),
      'the error itself is reported',
    )
    assert.ok((beats().at(-1)!.played_ms ?? 0) > 0)
  })

  test('a page that waits for the show to begin has one start', { timeout: 60_000 }, async () => {
    const { shaper, start, session } = await open()
    const begin = shaper.fault({ path: /\.m3u8/, status: 404 })
    await start(shaper.url + stage.hls.path)
    const id = await session()
    await pause(6_000)
    assert.deepEqual(stage.recorder.events('startup', id), [], 'nothing has failed yet')
    begin()
    await waitFor(() => stage.recorder.events('startup', id).length > 0, { what: 'the start' })
    await waitFor(() => stage.recorder.events('heartbeat', id).length > 2, { what: 'play' })
    assert.deepEqual(
      stage.recorder.events('startup', id).map(({ outcome }) => outcome),
      ['started'],
    )
  })

  test('a monitor that cannot report says why, once, and throws nothing', async () => {
    const { page, evaluate } = await open()
    const warnings: string[] = []
    page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()))
    await evaluate(`
      Firstframe.monitor(null, { url: 'http://a.example', key: 'demo', show: 's', stream: 'm' }).track('like')
      Firstframe.monitor(video, { key: 'demo', show: 's', stream: 'm' }).end()
      Firstframe.monitor(video, { url: 'http://a.example', key: 'demo', stream: 'm' })
      Firstframe.monitor(video, { url: 'http://a.example', key: 'demo', stream: 'm' })
      Firstframe.monitor(video)`)
    await waitFor(() => warnings.length >= 3, { what: 'warnings' })
    assert.match(warnings[0]!, /is no media element; call monitor\(\) when it is in the page/)
    assert.match(warnings[1]!, /`url` is missing in monitor\(video, \{ url, key, show, stream \}\)/)
    assert.match(warnings[2]!, /`show` is missing/)
    assert.equal(warnings.length, 3)
  })
})
