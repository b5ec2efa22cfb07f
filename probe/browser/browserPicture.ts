import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { NotCheckable } from '../check.ts'
import { type Clock, pause } from '../clock.ts'
import type { Logo, PictureProbe, PictureRequest, PictureSeen } from '../observations.ts'
import { BrowserMissing, launchChromium } from './launch.ts'
import { PAGE_SCRIPT, type PageState, PLAYERS } from './page.ts'

export interface BrowserPictureOptions {
  readonly clock: Clock
  readonly chromium?: string
  /** How long to look after the first frame, ms. Default 4 000. */
  readonly look_ms?: number
  /** How long to wait for the first frame, ms. Default 15 000. */
  readonly timeout_ms?: number
  /** The player SDK's script and where it reports: then the decoding probe is a viewer too, marked synthetic. */
  readonly sdk?: SdkOptions
  /** A browser that is already running; it is left running. */
  readonly browser?: Browser
}

export interface SdkOptions {
  /** The text of the SDK's script-tag bundle (`firstframe.js`). */
  readonly script: string
  readonly collector: string
  readonly key: string
  readonly region?: string
}

const LOOK_MS = 4_000
const TIMEOUT_MS = 15_000
const POLL_MS = 100

const require = createRequire(import.meta.url)

async function readPlayer(file: string): Promise<string> {
  try {
    return await readFile(require.resolve(file), 'utf8')
  } catch (cause) {
    throw new BrowserMissing(`${file.split('/')[0]} is not installed: npm install ${file.split('/')[0]}`, {
      cause,
    })
  }
}

/** The page is served, not written into a blank one: players want an origin. */
async function servePage(scripts: readonly string[]): Promise<{ url: string; close: () => void }> {
  const tags = scripts.map((_, index) => `<script src="/${index}.js"></script>`).join('')
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><video id="video" playsinline></video>${tags}`
  const server = createServer((request, response) => {
    const index = /^\/(\d+)\.js$/.exec(request.url ?? '')?.[1]
    const script = index === undefined ? undefined : scripts[Number(index)]
    const type = script === undefined ? 'text/html' : 'text/javascript'
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(script ?? html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Plays an address in headless Chromium by the real player and tells what was on the screen and to be heard. */
export function browserPicture(options: BrowserPictureOptions): PictureProbe {
  const { clock, look_ms = LOOK_MS, timeout_ms = TIMEOUT_MS } = options
  return async function lookAtPicture(url, protocol, request) {
    const { signal, headers } = request
    if (protocol === 'rtmp')
      throw new NotCheckable('no browser plays RTMP: check its HTTP-FLV or HLS address')
    const { name, file } = PLAYERS[protocol]
    const scripts = [await readPlayer(file), ...(options.sdk ? [options.sdk.script] : []), PAGE_SCRIPT]
    const browser = options.browser ?? (await launchChromium(options.chromium))
    const served = await servePage(scripts)
    try {
      const context = await browser.newContext(
        headers === undefined ? {} : { extraHTTPHeaders: { ...headers } },
      )
      try {
        const page = await context.newPage()
        await page.goto(served.url)
        if (request.logo) await page.evaluate(`probeLogo(${JSON.stringify(await readLogo(request.logo))})`)
        const loaded_ms = clock()
        await page.evaluate(`probePlay(${JSON.stringify(name)}, ${JSON.stringify(url)})`)
        if (options.sdk) await page.evaluate(startSdk(options.sdk, request))
        let state: PageState
        let firstSeen_ms: number | undefined
        do {
          await pause(POLL_MS, signal)
          state = (await page.evaluate('probeState()')) as PageState
          if (state.firstFrame_ms >= 0) firstSeen_ms ??= clock()
        } while (
          !signal?.aborted &&
          state.error === '' &&
          (firstSeen_ms === undefined ? clock() - loaded_ms < timeout_ms : clock() - firstSeen_ms < look_ms)
        )
        const shot = (await page.evaluate('probeShot()')) as string
        // the SDK sends its last interval when the session ends
        if (options.sdk) await page.evaluate('probeSession.end()').then(() => pause(POLL_MS))
        return pictureOf(name, { ...state, shot }, loaded_ms)
      } finally {
        await context.close()
      }
    } finally {
      served.close()
      if (options.browser === undefined) await browser.close()
    }
  }
}

/** Puts the SDK on the page's player and element. */
function startSdk(sdk: SdkOptions, { show = '', stream = '', cdn }: PictureRequest): string {
  const context = { synthetic: true, source: 'probe', ...(sdk.region ? { region: sdk.region } : {}) }
  const settings = {
    url: sdk.collector,
    key: sdk.key,
    show,
    stream,
    context,
    cdn,
  }
  return `window.probeSession = Firstframe.monitor(video, { ...${JSON.stringify(settings)}, player: window.player }); undefined`
}

/** A logo's place and its picture as an address that the page can read. */
async function readLogo({ file, ...place }: Logo): Promise<Omit<Logo, 'file'> & { image: string }> {
  try {
    return { ...place, image: `data:image/*;base64,${(await readFile(file)).toString('base64')}` }
  } catch {
    throw new NotCheckable(`the logo’s picture cannot be read: ${file}`)
  }
}

function pictureOf(player: string, state: PageState, loaded_ms: number): PictureSeen {
  return {
    player,
    ...(state.firstFrame_ms >= 0 ? { firstFrame_ms: state.firstFrame_ms } : {}),
    ...(state.error === '' ? {} : { error: state.error }),
    frames: state.looks.map((look, index) => ({
      at_ms: loaded_ms + index * POLL_MS,
      black_ratio: look.black_ratio,
      change: look.change,
      media_ms: look.media_ms,
    })),
    ...(state.hasAudio ? { loudnessDbfs: state.looks.map((look) => 20 * Math.log10(look.level)) } : {}),
    ...(state.logo === undefined ? {} : { logo: state.logo }),
    ...(state.shot === '' ? {} : { shot: state.shot }),
    soundOnly: state.soundOnly,
    width: state.width,
    height: state.height,
    droppedFrames: state.dropped,
    totalFrames: state.total,
  }
}
