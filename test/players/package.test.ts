import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ROOT } from '../../check/sources.ts'
import { buildPlayerPackage } from '../../player/package.ts'
import { launchBrowser, openPage, waitFor } from '../stream/index.ts'
import { startRecorder } from './recorder.ts'

const folder = mkdtempSync(join(tmpdir(), 'firstframe-package-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const modules = join(folder, 'node_modules')

before(async () => {
  await buildPlayerPackage({ outdir: join(modules, '@firstframe/player'), version: '0.0.0' })
  for (const name of ['react', 'react-dom', 'scheduler', 'vue', '@vue'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})

const APPS = {
  react: `import { createElement, useEffect, useRef } from 'react'
import { useMonitor } from '@firstframe/player/react'
export function App({ url, src }) {
  const video = useRef(null)
  const session = useMonitor(video, { url, key: 'demo', show: 'a-show', stream: 'main', heartbeat_ms: 1000 })
  useEffect(() => { window.session = session.current })
  return createElement('video', { ref: video, src, muted: true, autoPlay: true, id: 'v' })
}`,
  vue: `import { h, ref, watch } from 'vue'
import { useMonitor } from '@firstframe/player/vue'
export const App = {
  props: ['url', 'src'],
  setup(props) {
    const video = ref(null)
    const session = useMonitor(video, { url: props.url, key: 'demo', show: 'a-show', stream: 'main', heartbeat_ms: 1000 })
    watch(session, (value) => { window.session = value })
    return () => h('video', { ref: video, src: props.src, muted: true, autoplay: true, id: 'v' })
  },
}`,
} as const

const SERVERS = {
  react: `import { renderToString } from 'react-dom/server'
import { createElement } from 'react'
import { App } from './react.js'
console.log(renderToString(createElement(App, { url: 'https://c.example', src: 'a.mp4' })))`,
  vue: `import { renderToString } from 'vue/server-renderer'
import { createSSRApp, h } from 'vue'
import { App } from './vue.js'
console.log(await renderToString(createSSRApp({ render: () => h(App, { url: 'https://c.example', src: 'a.mp4' }) })))`,
} as const

const MOUNTS = {
  react: `import { createRoot } from 'react-dom/client'
import { createElement } from 'react'
import { App } from './react.js'
window.mount = (props) => { const root = createRoot(document.querySelector('#app')); root.render(createElement(App, props)); window.unmount = () => root.unmount() }`,
  vue: `import { createApp, h } from 'vue'
import { App } from './vue.js'
window.mount = (props) => { const app = createApp({ render: () => h(App, props) }); app.mount('#app'); window.unmount = () => app.unmount() }`,
} as const

test('every entry is imported and rendered on a server, without a DOM', () => {
  for (const name of ['react', 'vue'] as const) {
    writeFileSync(join(folder, `${name}.js`), APPS[name])
    writeFileSync(join(folder, `${name}-server.mjs`), SERVERS[name])
    const html = execFileSync(process.execPath, [`${name}-server.mjs`], { cwd: folder, encoding: 'utf8' })
    assert.match(html, /<video.*id="v"/)
  }
  const manifest = JSON.parse(readFileSync(join(modules, '@firstframe/player/package.json'), 'utf8')) as {
    exports: Record<string, { types: string }>
  }
  for (const [entry, { types }] of Object.entries(manifest.exports)) {
    const specifier = join('@firstframe/player', entry)
    const code = `const all = await import(${JSON.stringify(specifier)}); console.log(Object.keys(all).length)`
    const count = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.ok(Number(count) > 0, specifier)
    assert.ok(readFileSync(join(modules, '@firstframe/player', types), 'utf8').includes('export'), types)
  }
})

test('a page loads only what it uses', async () => {
  const weigh = async (code: string) => {
    const result = await build({
      stdin: { contents: code, resolveDir: folder },
      ...{
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        external: ['react', 'vue'],
        logLevel: 'silent',
      },
    })
    return gzipSync(result.outputFiles[0]!.contents, { level: 9 }).length
  }
  assert.ok((await weigh(`import { monitor } from '@firstframe/player'; monitor()`)) <= 10_240)
  assert.ok((await weigh(`import { useMonitor } from '@firstframe/player/react'; useMonitor()`)) <= 10_752)
  assert.ok(
    (await weigh(`import { monitorLivePlayer } from '@firstframe/player/plain'; monitorLivePlayer()`)) <=
      8_192,
  )
  assert.ok((await weigh(`import { dash } from '@firstframe/player/dash'; console.log(dash)`)) <= 2_048)
})

test('the hooks watch from mount to unmount, in Chromium', { timeout: 60_000 }, async (context) => {
  const recorder = await startRecorder()
  const browser = await launchBrowser()
  const file = join(folder, 'a.mp4')
  execFileSync('ffmpeg', [
    ...['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc=size=160x90:rate=25', '-t', '20'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-movflags', '+faststart', file],
  ])
  const media = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'video/mp4', 'accept-ranges': 'none' }).end(readFileSync(file)),
  )
  await new Promise<void>((resolve) => media.listen(0, '127.0.0.1', resolve))
  context.after(async () => {
    await browser.close()
    await recorder.stop()
    media.closeAllConnections()
    media.close()
  })
  const src = `http://127.0.0.1:${(media.address() as AddressInfo).port}/a.mp4`
  for (const name of ['react', 'vue'] as const) {
    const { outputFiles } = await build({
      stdin: { contents: MOUNTS[name], resolveDir: folder },
      ...{ bundle: true, write: false, format: 'iife', logLevel: 'silent' },
      define: { 'process.env.NODE_ENV': '"production"' },
    })
    const view = await openPage(browser, { body: '<div id="app"></div>', scripts: [outputFiles[0]!.text] })
    await view.page.evaluate(`mount(${JSON.stringify({ url: recorder.url, src })})`)
    const id = await waitFor(() => view.page.evaluate('window.session?.id') as Promise<string | undefined>, {
      what: `${name}: a session`,
    })
    await waitFor(() => recorder.events('heartbeat', id).length >= 2, { what: `${name}: heartbeats` })
    assert.equal(recorder.events('startup', id)[0]?.outcome, 'started', name)
    await view.page.evaluate('unmount()')
    await waitFor(() => recorder.events('heartbeat', id).some(({ reason }) => reason === 'end'), {
      what: `${name}: the end at the unmount`,
    })
    await view.close()
  }
})
