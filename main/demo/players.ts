import { copyFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { DemoStream } from './stream.ts'

const page = (
  collector: string,
): string => `<!doctype html><video id="video" muted autoplay playsinline></video>
<script src="hls.min.js"></script><script src="${collector}/firstframe.js"></script>
<script>
const number = new URLSearchParams(location.search).get('n')
const hls = new Hls({ liveSyncDurationCount: 2 })
Firstframe.monitor(video, { url: '${collector}', key: 'demo', show: 'demo', stream: 'main', player: hls, app: ['shop', 'video', 'mini'][number % 3], cdn: 'cdn-a' })
hls.loadSource('main.m3u8')
hls.attachMedia(video)
</script>`

/** A few real hls.js players with the SDK in headless Chromium; resolves when they are open. Throws when a package is missing. */
export async function startPlayers(options: {
  readonly chromium: string
  readonly stream: DemoStream
  readonly collector: string
  readonly count: number
}): Promise<{ stop(): Promise<void> }> {
  const { stream, collector, count } = options
  const { chromium } = await import('playwright-core')
  const library = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')
  await copyFile(library, join(stream.folder, 'hls.min.js'))
  await writeFile(join(stream.folder, 'player.html'), page(collector))
  const browser = await chromium.launch({
    executablePath: options.chromium,
    headless: true,
    // Ctrl-C is the demo's to handle: it closes the browser in its turn.
    handleSIGINT: false,
    handleSIGTERM: false,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'],
  })
  for (let number = 0; number < count; number += 1) {
    const view = await browser.newPage({ viewport: { width: 320, height: 180 } })
    await view.goto(`${stream.url}/player.html?n=${number}`)
  }
  return { stop: () => browser.close() }
}
