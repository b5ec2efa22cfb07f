/** Pictures of the console for the docs: `npx tsx test/console/screenshots.ts [folder]`. Takes about three minutes. */
import { createHmac } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type Audience, createAudience } from '../../console/testing/audience.ts'
import { sendAudience } from '../../console/testing/sendAudience.ts'
import { AXIS_MS } from '../../console/windows.ts'
import { createStore } from '../../store/client.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { freePort, launchBrowser } from '../stream/index.ts'

const SHOW = 'double-11'
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url))
/** What the watcher gets to know of the show's usual, live, before something breaks; and how long the picture shows it broken. */
const WARM_MS = 80_000
const BROKEN_MS = 75_000

const stamp = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const storePort = await freePort()
  const firstframe = await startFirstframe({
    environment: { FIRSTFRAME_TRUSTED_PROXIES: '127.0.0.1', FIRSTFRAME_STORE_PORT: String(storePort) },
  })
  const browser = await launchBrowser()
  const shoot = async (
    name: string,
    path: string,
    options: {
      width?: number
      height?: number
      scheme?: 'dark' | 'light'
      whole?: boolean
      act?: (page: Page) => Promise<void>
    } = {},
  ) => {
    const { width = 1440, height = 900, scheme = 'dark', whole = true, act } = options
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      deviceScaleFactor: width < 500 ? 2 : 1,
    })
    const page = await context.newPage()
    await page.goto(`${firstframe.consoleUrl}${path}`)
    await page.locator('.panel:not(.skeleton)').first().waitFor()
    await act?.(page)
    await pause(2500)
    await page.screenshot({ path: join(folder, name), fullPage: whole })
    console.log(join(folder, name))
    await context.close()
  }
  try {
    await shoot('console-empty.png', '/', { height: 640 })
    const audience = createAudience({ show: SHOW, sessions: 600, seed: 'd11', round_every_s: 180 })
    await remember(audience, firstframe.data, storePort)
    const sender = sendAudience({ url: firstframe.url, audience, clock: Date.now })
    await pause(WARM_MS)
    audience.breakAt({ cdn: 'cdn-b', region: 'Guangdong' })
    await pause(BROKEN_MS)
    await shoot('console-incident.png', `/show/${SHOW}`)
    await shoot('console-light-zh.png', `/show/${SHOW}?lang=zh`, { scheme: 'light' })
    await shoot('console-phone.png', `/show/${SHOW}`, { width: 390, height: 844, whole: false })
    await shoot('console-wall.png', `/show/${SHOW}?wall`, { width: 1920, height: 1080, whole: false })
    const [incident] = (await (
      await fetch(`${firstframe.consoleUrl}/api/incidents?show=${SHOW}`)
    ).json()) as { id: string }[]
    await shoot('incident.png', `/incident/${incident!.id}`)
    const sessions = (await (
      await fetch(`${firstframe.consoleUrl}/api/sessions?incident=${incident!.id}`)
    ).json()) as { session: string; first_ms: number; last_ms: number }[]
    // The one that was there longest before it broke tells most.
    const known = await Promise.all(
      sessions.slice(0, 20).map(
        async ({ session }) =>
          (await (await fetch(`${firstframe.consoleUrl}/api/sessions/${session}`)).json()) as {
            session: string
            from_ms: number
          },
      ),
    )
    const [longest] = known
      .filter(({ from_ms }) => Date.now() - from_ms < 420_000)
      .sort((a, b) => a.from_ms - b.from_ms)
    await shoot('session.png', `/session/${(longest ?? known[0])!.session}`)
    await sender.stop()
  } finally {
    await browser.close()
    await firstframe.dispose()
  }
}

/** Lets the audience have watched for a quarter of an hour already: its past goes straight into the store. */
async function remember(audience: Audience, data: string, port: number): Promise<void> {
  const secret = await readFile(join(data, 'secret'), 'utf8')
  const password = createHmac('sha256', secret).update('store').digest('hex')
  const store = createStore({ url: `http://127.0.0.1:${port}`, user: 'default', password })
  const tables = new Map<string, Record<string, unknown>[]>()
  const now = Date.now()
  for (let at = now - AXIS_MS; at < now; at += 1000)
    for (const { isp, events } of audience.step(at))
      for (const { kind, time_ms: _, ...fields } of events) {
        const rows = tables.get(kind) ?? []
        const common = {
          tenant: 'demo',
          source: isp === '' ? 'server' : 'sdk',
          isp,
          country: 'CN',
          weight: 1,
        }
        rows.push({ ...common, ...fields, received_time: stamp(at), event_time: stamp(at) })
        tables.set(kind, rows)
      }
  for (const [table, rows] of tables)
    for (let from = 0; from < rows.length; from += 20_000)
      await store.insertRows({ table, rows: rows.slice(from, from + 20_000) })
  await store.close()
}

await main()
