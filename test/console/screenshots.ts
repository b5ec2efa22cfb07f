/**
 * Pictures of a real pipeline for the docs, `console-empty.png` and `console-session.png`: `npx tsx test/console/screenshots.ts [folder]`.
 * Takes about three minutes. Every other picture of the page is drawn by states.ts.
 */
import { createHmac } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SessionRow, SessionView } from '../../console/api.ts'
import { type Audience, createAudience } from '../../console/testing/audience.ts'
import { sendAudience } from '../../console/testing/sendAudience.ts'
import { AXIS_MS } from '../../console/windows.ts'
import { createStore } from '../../store/client.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { freePort, launchBrowser } from '../stream/index.ts'

const SHOW = 'double-11'
const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/pictures', import.meta.url))
/** What the watcher gets to know of the show's usual, live, before something breaks; and how long the picture shows it broken. */
const WARM_MS = 60_000
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
  const shoot = async (name: string, path: string, height: number, whole: boolean) => {
    const context = await browser.newContext({
      viewport: { width: 1440, height },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await page.goto(`${firstframe.consoleUrl}${path}`)
    await page.locator('.panel:not(.skeleton)').first().waitFor()
    await pause(2500)
    await page.screenshot({ path: join(folder, name), fullPage: whole })
    console.log(join(folder, name))
    await context.close()
  }
  const json = async (path: string) => (await fetch(`${firstframe.consoleUrl}${path}`)).json()
  try {
    await shoot('console-empty.png', '/', 640, false)
    const audience = createAudience({ show: SHOW, sessions: 400, seed: 'd11', round_every_s: 180 })
    const past = await openPast(firstframe.data, storePort)
    const now = Date.now()
    // What it takes to write the past is past too; from then on they speak for themselves, without a gap.
    let known_ms = now - AXIS_MS
    while (Date.now() - known_ms > 3000) {
      const to_ms = Date.now()
      await past.remember(audience, known_ms, to_ms)
      known_ms = to_ms
    }
    await past.close()
    const key = firstframe.serverKey()
    const sender = sendAudience({ url: firstframe.url, audience, clock: Date.now, key })
    await pause(WARM_MS)
    audience.breakAt({ cdn: 'cdn-b', region: 'Guangdong' })
    await pause(BROKEN_MS)
    const [incident] = (await json(`/api/incidents?show=${SHOW}`)) as { id: string }[]
    const sessions = (await json(`/api/sessions?incident=${incident!.id}`)) as SessionRow[]
    // The one that was there longest before it broke tells most.
    const played = await Promise.all(
      sessions.slice(0, 20).map(({ session }) => json(`/api/sessions/${session}`) as Promise<SessionView>),
    )
    const [longest] = played
      .filter(({ from_ms }) => Date.now() - from_ms < 420_000)
      .sort((a, b) => a.from_ms - b.from_ms)
    await shoot('console-session.png', `/session/${(longest ?? played[0])!.session}`, 900, true)
    await sender.stop()
  } finally {
    await browser.close()
    await firstframe.dispose()
  }
}

/** Lets audiences have watched already: their past goes straight into the store. */
async function openPast(data: string, port: number) {
  const secret = await readFile(join(data, 'secret'), 'utf8')
  const password = createHmac('sha256', secret).update('store').digest('hex')
  const store = createStore({ url: `http://127.0.0.1:${port}`, user: 'default', password })
  return {
    async remember(audience: Audience, from_ms: number, to_ms: number): Promise<void> {
      const tables = new Map<string, Record<string, unknown>[]>()
      for (let at = from_ms; at < to_ms; at += 1000)
        for (const { isp, events } of audience.step(at))
          for (const { kind, time_ms: _, ...fields } of events) {
            const rows = tables.get(kind) ?? []
            const source = isp === '' ? 'server' : 'sdk'
            const common = { tenant: 'demo', source, isp, country: 'CN', weight: 1 }
            rows.push({ ...common, ...fields, received_time: stamp(at), event_time: stamp(at) })
            tables.set(kind, rows)
          }
      for (const [table, rows] of tables)
        for (let from = 0; from < rows.length; from += 20_000)
          await store.insertRows({ table, rows: rows.slice(from, from + 20_000) })
    },
    close: () => store.close(),
  }
}

await main()
