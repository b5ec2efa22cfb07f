import { accessSync, constants } from 'node:fs'
import type { Browser } from 'playwright-core'

/** The browser or what drives it is not installed; its message says how to get it. */
export class BrowserMissing extends Error {}

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // the page is ours, not the site's: whether that origin may read the media is not what is judged here
  '--disable-web-security',
]

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts a headless Chromium. Throws `BrowserMissing` when playwright-core or the browser is not there. */
export async function launchChromium(path?: string): Promise<Browser> {
  const executablePath = path ?? USUAL_PATHS.find(isProgram)
  if (executablePath === undefined || !isProgram(executablePath)) {
    throw new BrowserMissing('there is no Chromium: apt-get install chromium, or name its path')
  }
  let playwright: typeof import('playwright-core')
  try {
    playwright = await import('playwright-core')
  } catch (cause) {
    throw new BrowserMissing('playwright-core is not installed: npm install playwright-core', { cause })
  }
  return playwright.chromium.launch({ executablePath, headless: true, args: FLAGS })
}
