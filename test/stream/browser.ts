import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findProgram } from './programs.ts'

const require = createRequire(import.meta.url)

/** The players' browser bundles, as their packages ship them, and the global each makes. */
export const PLAYER_LIBRARIES = {
  'hls.js': { file: 'hls.js/dist/hls.min.js', global: 'Hls' },
  dashjs: { file: 'dashjs', global: 'dashjs' },
  shaka: { file: 'shaka-player/dist/shaka-player.compiled.js', global: 'shaka' },
  'mpegts.js': { file: 'mpegts.js/dist/mpegts.js', global: 'mpegts' },
  'video.js': { file: 'video.js/dist/video.min.js', global: 'videojs' },
} as const

export type PlayerLibrary = keyof typeof PLAYER_LIBRARIES

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

/** Debian's Chromium, headless, with a profile of its own. Close it with `browser.close()`. */
export function launchBrowser(options: { readonly args?: readonly string[] } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium'),
    headless: true,
    args: [...FLAGS, ...(options.args ?? [])],
  })
}

export interface PageOptions {
  /** Inside of <body>. Default: a muted `<video id="video">`. */
  readonly body?: string
  readonly libraries?: readonly PlayerLibrary[]
  /** Scripts run in order after the libraries, as text. */
  readonly scripts?: readonly string[]
  /** More files, by path (`/sdk.js`): put `<script src>` or `import` into body or scripts. */
  readonly files?: Readonly<Record<string, { readonly type: string; readonly body: string | Buffer }>>
  readonly context?: BrowserContextOptions
}

export interface OpenPage {
  readonly page: Page
  /** The page's own address; other origins see it as their `Origin`. */
  readonly url: string
  /** What the page wrote to console.error, and exceptions nobody caught. */
  readonly errors: readonly string[]
  /** Closes the page, its context and the server of its files. */
  readonly close: () => Promise<void>
}

const VIDEO = '<video id="video" muted autoplay playsinline width="320" height="180"></video>'

/** Serves a page on 127.0.0.1 and opens it in a context of its own. */
export async function openPage(browser: Browser, options: PageOptions = {}): Promise<OpenPage> {
  const libraries = options.libraries ?? []
  const files = new Map<string, { type: string; body: string | Buffer }>(Object.entries(options.files ?? {}))
  for (const name of libraries) {
    const body = await readFile(require.resolve(PLAYER_LIBRARIES[name].file))
    files.set(`/library/${name}`, { type: 'text/javascript', body })
  }
  ;(options.scripts ?? []).forEach((body, index) => {
    files.set(`/script/${index}`, { type: 'text/javascript', body })
  })
  const tags = [
    ...libraries.map((name) => `<script src="/library/${name}"></script>`),
    ...(options.scripts ?? []).map((_, index) => `<script src="/script/${index}"></script>`),
  ]
  const html = `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">
<body>${options.body ?? VIDEO}${tags.join('\n')}</body>`
  files.set('/', { type: 'text/html', body: html })

  const server = createServer((request, response) => {
    const file = files.get((request.url ?? '/').split('?')[0]!)
    if (file === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8` }).end(file.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`
  const context = await browser.newContext(options.context)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(url)
  return {
    page,
    url,
    errors,
    close: async () => {
      await context.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
