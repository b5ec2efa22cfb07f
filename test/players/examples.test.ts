import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openPage, waitFor } from '../stream/index.ts'
import { type Stage, startStage } from './stage.ts'

const folder = fileURLToPath(new URL('../../player/examples/', import.meta.url))
const pages = fileURLToPath(new URL('../../docs/players/', import.meta.url))
const modules = join(createRequire(import.meta.url).resolve('hls.js'), '../../..')

/** Which stream each example plays, and what has to arrive. */
const EXAMPLES = {
  'native.html': { source: 'file', player: 'native' },
  'hls.html': { source: 'hls', player: 'hls.js' },
  'dash.html': { source: 'dash', player: 'dash.js' },
  'shaka.html': { source: 'dash', player: 'shaka' },
  'mpegts.html': { source: 'flv', player: 'mpegts.js' },
  'videojs.html': { source: 'hls', player: 'video.js' },
  'cue.html': { source: 'hls', player: 'hls.js' },
  'cohost.html': { source: 'file', player: 'native' },
} as const

let stage: Stage
before(async () => {
  stage = await startStage()
})
after(() => stage?.stop())

test('every example is run here, and every player’s page shows its example as it stands', () => {
  assert.deepEqual(readdirSync(folder).sort(), Object.keys(EXAMPLES).sort())
  for (const name of Object.keys(EXAMPLES)) {
    const page = readFileSync(join(pages, name.replace('.html', '.md')), 'utf8')
    const example = readFileSync(join(folder, name), 'utf8')
    const shown =
      page
        .match(/```js\n([\s\S]*?)```/)?.[1]
        ?.trim()
        .split('\n') ?? []
    assert.ok(shown.length > 1, `${name}: its page shows code`)
    for (const line of shown)
      assert.ok(example.includes(line.trim()), `${name} does not have: ${line.trim()}`)
    assert.ok(page.includes(`player/examples/${name}`), `${name}: its page links to it`)
  }
})

for (const [name, { source, player }] of Object.entries(EXAMPLES)) {
  test(`the example ${name} plays and reports`, async () => {
    // The example is served as it stands; what it takes from the network comes from the packages and the build.
    const body = readFileSync(join(folder, name), 'utf8')
    const files = { '/example.html': { type: 'text/html', body } }
    const view = await openPage(stage.browser, { body: '', files })
    try {
      const { page } = view
      const wrong: string[] = []
      page.on('pageerror', (error) => wrong.push(String(error)))
      await page.route('http://127.0.0.1:8080/*', (route) => {
        const file = stage.files[new URL(route.request().url()).pathname]
        return file
          ? route.fulfill({ contentType: file.type, body: file.body })
          : route.fulfill({ status: 404 })
      })
      await page.route('https://cdn.jsdelivr.net/npm/**', (route) => {
        const path = new URL(route.request().url()).pathname.replace('/npm/', '').replace(/@[\d.]+/, '')
        return route.fulfill({ contentType: 'text/javascript', body: readFileSync(join(modules, path)) })
      })
      const { origin, path } = stage[source]
      const query = new URLSearchParams({ collector: stage.recorder.url, source: origin + path })
      await page.goto(`${view.url}example.html?${query}`)
      const session = (await page.evaluate('session.id')) as string
      const started = () => stage.recorder.events('startup', session)[0]
      await waitFor(() => started()?.outcome === 'started', {
        what: `${name} to start`,
        detail: () => JSON.stringify([wrong, started()]),
      })
      assert.deepEqual([started()!.player, started()!.show], [player, 'my-show'])
      if (name === 'cohost.html') {
        const leg = () => stage.recorder.events('cohost', session)
        await waitFor(() => leg().some((each) => each.fps! > 0), {
          what: 'the co-hosting leg',
          detail: () => JSON.stringify(leg()),
        })
      } else if (name !== 'cue.html') {
        await page.evaluate(`document.querySelector('#like').click()`)
        await waitFor(() => stage.recorder.events('interaction', session).length === 1, { what: 'the like' })
      }
      assert.deepEqual(wrong, [])
    } finally {
      await view.close()
    }
  })
}
