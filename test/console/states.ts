/** Pictures of every state of the page: `npx tsx test/console/states.ts [folder] [name …]`. Takes about a minute. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchBrowser } from '../stream/index.ts'
import { PLAYS } from './stage/plays.ts'
import { openStage, type Stage } from './stage/serve.ts'

interface Picture {
  readonly play: keyof typeof PLAYS
  readonly path: string
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'dark' | 'light'
  readonly whole?: boolean
  /** What must be there before the picture is taken. */
  readonly ready?: string
  /** How the console behaves once the page has been drawn. */
  readonly after?: 'store_away' | 'dead' | 'slow'
  readonly key?: string
  /** A state that few meet: it is drawn only into a folder that is named. */
  readonly extra?: true
  readonly context?: BrowserContextOptions
  readonly media?: 'print'
}

const SHOW = '/show/double-11'
const PHONE = { width: 390, height: 844, whole: false } as const

/** A zone in which the day began less than an hour ago. */
function zoneAfterMidnight(now_ms: number): string {
  const hour = new Date(now_ms).getUTCHours()
  // The signs of these names are the other way round: Etc/GMT-5 is five hours ahead.
  return hour <= 12 ? `Etc/GMT+${hour}` : `Etc/GMT-${24 - hour}`
}

/** The pictures by file name. */
export const PICTURES: Readonly<Record<string, Picture>> = {
  'state-calm': { play: 'calm', path: SHOW },
  'state-one': { play: 'one', path: SHOW, ready: '.incident' },
  'state-three': { play: 'three', path: '/show/harvest-fair', ready: '.incident' },
  'state-twelve': { play: 'twelve', path: SHOW, ready: '.incident', whole: false },
  'state-cut': { play: 'cut', path: SHOW, ready: '.incident' },
  'state-resolved': { play: 'resolved', path: SHOW, ready: '.incident-row' },
  'state-ended': { play: 'ended', path: SHOW, ready: '.banner.ended' },
  'state-small': { play: 'small', path: '/show/rehearsal-room', ready: '.heat td' },
  'state-mega': { play: 'mega', path: SHOW, ready: '.incident' },
  'state-slow': {
    play: 'one',
    path: SHOW,
    ready: '.incident',
    after: 'slow',
    key: 'Shift+ArrowLeft',
    whole: false,
  },
  'state-store-away': { play: 'one', path: SHOW, ready: '.incident', after: 'store_away', whole: false },
  'state-lost': { play: 'lost', path: SHOW, ready: '.incident', after: 'dead', whole: false },
  'state-shows': { play: 'shows', path: '/shows', ready: '.shows li' },
  'state-incident': { play: 'one', path: '/incident/inc-edge', ready: '#sessions tbody' },
  'state-phone': { play: 'one', path: SHOW, ready: '.incident', ...PHONE },
  'state-phone-incident': { play: 'one', path: '/incident/inc-edge', ready: '#sessions tbody', ...PHONE },
  'state-phone-twelve': { play: 'twelve', path: SHOW, ready: '.incident', ...PHONE },
  'state-wall': {
    play: 'mega',
    path: `${SHOW}?wall=rotate`,
    ready: '.incident',
    width: 1920,
    height: 1080,
    whole: false,
  },
  'state-light-zh': { play: 'one', path: `${SHOW}?lang=zh`, ready: '.incident', scheme: 'light' },
  'state-incident-zh': { play: 'one', path: '/incident/inc-edge?lang=zh', ready: '#sessions tbody' },
  'state-820': { play: 'three', path: '/show/harvest-fair', ready: '.incident', width: 820 },
  'state-2560': {
    play: 'twelve',
    path: SHOW,
    ready: '.incident',
    width: 2560,
    height: 1440,
    whole: false,
  },
  'state-hostile': { play: 'hostile', path: SHOW, ready: '.incident', extra: true },
  'state-hostile-phone': {
    play: 'hostile',
    path: SHOW,
    ready: '.incident',
    extra: true,
    ...PHONE,
    whole: true,
  },
  'state-zero': { play: 'zero', path: SHOW, ready: '.incident', extra: true },
  'state-abandoned': { play: 'abandoned', path: SHOW, ready: '.incident', extra: true },
  'state-compared': { play: 'compared', path: `${SHOW}?compare=last`, ready: '.incident', extra: true },
  'state-nothing': { play: 'nothing', path: '/shows', ready: 'pre', extra: true },
  'state-landscape': {
    play: 'one',
    path: SHOW,
    ready: '.incident',
    width: 844,
    height: 390,
    whole: false,
    extra: true,
  },
  'state-print': {
    play: 'one',
    path: '/incident/inc-edge',
    ready: '#sessions tbody',
    media: 'print',
    extra: true,
  },
  'state-forced': {
    play: 'one',
    path: SHOW,
    ready: '.incident',
    context: { forcedColors: 'active' },
    extra: true,
  },
  // Somewhere it was midnight half an hour ago.
  'state-midnight': {
    play: 'zero',
    path: SHOW,
    ready: '.incident',
    context: { timezoneId: zoneAfterMidnight(Date.now()) },
    whole: false,
    extra: true,
  },
  'state-phone-whole': {
    play: 'one',
    path: '/incident/inc-edge',
    ready: '#sessions tbody',
    ...PHONE,
    whole: true,
    extra: true,
  },
}

async function shoot(
  { stage, browser, folder }: { stage: Stage; browser: Browser; folder: string },
  name: string,
  picture: Picture,
): Promise<void> {
  const { width = 1440, height = 900, scheme = 'dark', whole = true, ready = '.hop' } = picture
  const play = PLAYS[picture.play]()
  stage.play(play)
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    deviceScaleFactor: width < 500 ? 2 : 1,
    locale: 'en-GB',
    ...picture.context,
  })
  const page = await context.newPage()
  await page.goto(`${stage.url}${picture.path}`)
  await page.locator(ready).first().waitFor({ timeout: 10_000 })
  if (picture.after !== undefined) {
    play.behaviour = picture.after
    stage.play(play)
    if (picture.key !== undefined) await page.keyboard.press(picture.key)
    await page
      .locator(picture.after === 'slow' ? '.clock.opening' : '.banner.lost')
      .waitFor({ timeout: 10_000 })
  }
  // Charts are drawn a frame after their data.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 300))))
  if (picture.media !== undefined) await page.emulateMedia({ media: picture.media })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole })
  console.log(join(folder, `${name}.png`))
  await context.close()
}

async function main(): Promise<void> {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url))
  const wanted = process.argv.slice(3)
  await mkdir(folder, { recursive: true })
  const stage = await openStage()
  const browser = await launchBrowser()
  try {
    for (const [name, picture] of Object.entries(PICTURES))
      if (wanted.length === 0 ? !picture.extra || process.argv[2] !== undefined : wanted.includes(name))
        await shoot({ stage, browser, folder }, name, picture)
  } finally {
    await browser.close()
    await stage.close()
  }
}

await main()
