import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Snapshot } from '../../console/api.ts'
import { buildPage, PAGE_LIMIT } from '../../console/build.ts'
import type { IncidentView } from '../../console/server/incidents.ts'
import { type Audience, createAudience } from '../../console/testing/audience.ts'
import { type AudienceSender, sendAudience } from '../../console/testing/sendAudience.ts'
import { STEP_MS, windowOf } from '../../console/windows.ts'
import { METRIC_NAMES, type Metric } from '../../schemas/metrics.ts'
import { kindOfMetric, metricSql, metricWhere } from '../../schemas/sql.ts'
import { type Firstframe, startFirstframe } from '../pipeline/firstframe.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { launchBrowser, waitFor } from '../stream/index.ts'

/** The console as somebody uses it, through an incident: real pipeline, real browser, beacons over HTTP. */

const SHOW = 'double-11'
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let firstframe: Firstframe
let browser: Browser
let page: Page
let audience: Audience
let sender: AudienceSender | undefined

before(async () => {
  firstframe = await startFirstframe({ environment: { FIRSTFRAME_TRUSTED_PROXIES: '127.0.0.1' } })
  browser = await launchBrowser()
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    locale: 'en-GB',
  })
  page = await context.newPage()
})
after(async () => {
  await sender?.stop()
  await browser?.close()
  await firstframe?.dispose()
})

const json = async <T>(path: string): Promise<T> =>
  (await fetch(`${firstframe.consoleUrl}${path}`)).json() as Promise<T>

/** What axe finds serious, in words. */
async function faults(view: Page): Promise<string[]> {
  // The page's own policy forbids foreign scripts; axe comes in through the debugger, not through the page.
  await view.evaluate(await readFile(AXE, 'utf8'))
  const found = await view.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
        }>
      }
    }
    return (await axe.run()).violations
  })
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
          .join(' | ')}`,
    )
}

test('the page is light', async (t) => {
  const { bytes } = await buildPage()
  t.diagnostic(`${bytes} bytes gzipped`)
  assert.ok(bytes <= PAGE_LIMIT, `${bytes} bytes`)
})

test('empty: content within a second, from this console alone, and the snippet has this machine’s address', async (t) => {
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(firstframe.consoleUrl) && !request.url().startsWith('data:'))
      foreign.push(request.url())
  })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(firstframe.consoleUrl)
  await page.getByRole('heading', { level: 1 }).waitFor()
  const painted = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  )
  t.diagnostic(`first content after ${Math.round(painted ?? Number.NaN)} ms`)
  assert.ok(painted !== undefined && painted < 1000, `${painted} ms`)
  const snippet = await page.locator('pre').first().textContent()
  assert.match(snippet ?? '', new RegExp(`127\\.0\\.0\\.1:${new URL(firstframe.url).port}/firstframe\\.js`))
  assert.deepEqual(await faults(page), [])
  assert.deepEqual([foreign, errors], [[], []])
})

test('errors are coded, foreign pages and names get nothing', async () => {
  const code = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${firstframe.consoleUrl}${path}`, { headers })
    return `${answer.status} ${((await answer.json()) as { error: { code: string } }).error.code}`
  }
  assert.equal(await code('/api/show/x?at=yesterday'), '400 bad_request')
  assert.equal(await code('/api/sessions'), '400 bad_request')
  assert.equal(await code('/api/incidents/none'), '404 not_found')
  assert.equal(await code('/api/sessions/none'), '404 not_found')
  assert.equal(await code('/api/shows?tenant=none'), '404 not_found')
  assert.equal(await code('/api/runbooks/..%2f..%2fpackage'), '404 not_found')
  assert.equal(await code('/api/shows', { origin: 'http://evil.example.org' }), '403 origin_not_allowed')
})

test('the first reports turn the empty page into the show, by itself', async () => {
  audience = createAudience({
    show: SHOW,
    sessions: 240,
    seed: `t${Date.now().toString(36)}`,
    round_every_s: 30,
  })
  sender = sendAudience({ url: firstframe.url, audience, clock: Date.now })
  await page.waitForURL(`**/show/${SHOW}`, { timeout: 20_000 })
  for (const hop of ['Encoder', 'Ingest', 'Transcode', 'Origin', 'Edge', 'Player', 'Interaction'])
    await page.locator('.hop .name', { hasText: hop }).waitFor()
  await page.locator('.audience .figure', { hasText: /^2\d\d$/ }).waitFor({ timeout: 40_000 })
  await page.locator('.count.good').waitFor()
})

test('an incident: on the page within 2 s of the finding, to one affected session and back', {
  timeout: 120_000,
}, async (t) => {
  // The watcher needs some of the stream's own past to judge by.
  await waitFor(
    async () =>
      Object.keys((await json<Snapshot>(`/api/show/${SHOW}`)).series.rebuffering_ratio ?? {}).length >= 4,
    {
      what: 'forty seconds of history',
      timeout_ms: 60_000,
    },
  )
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('.incident.sick') === null) return
      ;(window as unknown as { seen_ms: number }).seen_ms = Date.now()
      observer.disconnect()
    }).observe(document.body, { childList: true, subtree: true })
  })
  audience.breakAt({ cdn: 'cdn-b' })
  const broke = Date.now()
  await page.locator('.incident.sick').first().waitFor({ timeout: 30_000 })
  const seen = await page.evaluate(() => (window as unknown as { seen_ms: number }).seen_ms)
  const [incident] = await json<IncidentView[]>(`/api/incidents?show=${SHOW}`)
  assert.ok(incident !== undefined)
  t.diagnostic(
    `found ${incident.opened_ms - broke} ms after it broke, on the page ${seen - incident.opened_ms} ms later`,
  )
  assert.ok(seen - incident.opened_ms <= 2000, `${seen - incident.opened_ms} ms after the finding`)
  await page.locator('.count.bad', { hasText: 'incident' }).waitFor()
  await page.locator('.hop.sick').waitFor()

  await page.locator('.incident.sick').first().getByRole('link', { name: 'Affected sessions' }).click()
  await page.waitForURL('**/incident/**')
  const session = page.locator('#sessions tbody th a').first()
  await session.waitFor({ timeout: 20_000 })
  const name = await session.textContent()
  await session.click()
  await page.waitForURL(`**/session/${name}**`)
  await page.locator('.strip rect.stalled').first().waitFor()
  await page.locator('.about-session', { hasText: 'cdn-b' }).waitFor()
  assert.deepEqual(await faults(page), [])
  await page.goBack()
  await page.locator('#sessions').waitFor()
  await page.locator('.top nav a', { hasText: SHOW }).click()
  await page.locator('.hop.sick').waitFor()
})

test('nothing serious for those who see, hear or hold it differently: light, dark, Chinese, phone, wall', {
  timeout: 60_000,
}, async () => {
  const views = [
    { query: '?theme=dark', width: 1440 },
    { query: '?theme=light', width: 1440 },
    { query: '?theme=light&lang=zh', width: 390 },
    { query: '?theme=dark&wall', width: 1920 },
  ]
  for (const { query, width } of views) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, reducedMotion: 'reduce' })
    const view = await context.newPage()
    await view.goto(`${firstframe.consoleUrl}/show/${SHOW}${query}`)
    await view.locator('.incident').first().waitFor()
    assert.deepEqual(await faults(view), [], query)
    const sideways = await view.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    assert.ok(sideways <= 0, `${query} at ${width}: ${sideways} px too wide`)
    if (query.includes('zh'))
      assert.match((await view.locator('.hop .name').first().textContent()) ?? '', /编码器/)
    await context.close()
  }
})

test('a past moment looks as it looked then, by its address alone', async () => {
  const { began_ms } = (await json<IncidentView[]>(`/api/incidents?show=${SHOW}`)).at(-1)!
  await page.goto(`${firstframe.consoleUrl}/show/${SHOW}?at=${began_ms - 5000}`)
  await page.locator('.banner.past').waitFor()
  await page.locator('.count.good').waitFor()
  assert.equal(await page.locator('.hop.sick').count(), 0)
  await page.keyboard.press('l')
  await page.waitForURL(`**/show/${SHOW}`)
})

test('resolved on the page when it is over', { timeout: 150_000 }, async (t) => {
  audience.breakAt(undefined)
  const mended = Date.now()
  await page.locator('.incident.over').first().waitFor({ timeout: 120_000 })
  await page.locator('.count.good').waitFor({ timeout: 60_000 })
  t.diagnostic(`resolved ${((Date.now() - mended) / 1000).toFixed(0)} s after it was mended`)
})

test('one definition: what the console says is what SQL says over the raw rows, metric by metric', {
  timeout: 60_000,
}, async (t) => {
  await sender!.stop()
  sender = undefined
  const last_ms = Math.floor(Date.now() / STEP_MS) * STEP_MS - STEP_MS
  const query = sqlOf(firstframe)
  const rows = async () => (await query<{ n: string }>('SELECT count() AS n FROM heartbeat'))[0]!.n
  let before_ = ''
  await waitFor(async () => before_ === (before_ = await rows()), {
    what: 'the writer to be done',
    timeout_ms: 20_000,
  })
  const at = last_ms
  const told = await json<Snapshot>(`/api/show/${SHOW}?at=${at}`)
  const raw = async (metric: Metric, from_ms: number, to_ms: number) => {
    const [row] = await query<{ value: number | null }>(
      `SELECT ${metricSql(metric, { over: 'raw', window_ms: to_ms - from_ms })} AS value FROM ${kindOfMetric(metric)} WHERE show = '${SHOW}' AND received_time >= fromUnixTimestamp64Milli(${from_ms}) AND received_time < fromUnixTimestamp64Milli(${to_ms}) AND ${metricWhere(metric)}`,
    )
    return row?.value ?? undefined
  }
  const near = (actual: number | undefined, wanted: number | undefined, what: string) => {
    if (actual === undefined || wanted === undefined) return assert.equal(actual, wanted, what)
    assert.ok(
      Math.abs(actual - wanted) <= 1e-6 * Math.max(1e-9, Math.abs(wanted)),
      `${what}: ${actual}, SQL says ${wanted}`,
    )
  }
  let compared = 0
  for (const metric of METRIC_NAMES) {
    const value = told.values[metric]
    if (value !== undefined) {
      near(value, await raw(metric, at - windowOf(metric), at), `${metric} now`)
      compared += 1
    }
    const [step, kept] = Object.entries(told.series[metric] ?? {}).at(-3) ?? []
    if (step !== undefined)
      near(
        kept,
        await raw(metric, Number(step) * 1000, Number(step) * 1000 + STEP_MS),
        `${metric} at ${step}`,
      )
  }
  t.diagnostic(`${compared} metrics compared`)
  assert.ok(compared >= 20, `only ${compared} metrics had a value`)
})

test('a lost connection is said within seconds and shows no calm; back again by itself', {
  timeout: 60_000,
}, async () => {
  await page.goto(`${firstframe.consoleUrl}/show/${SHOW}`)
  await page.locator('.hop').first().waitFor()
  await firstframe.kill()
  await page.locator('.banner.lost').waitFor({ timeout: 8_000 })
  assert.equal(await page.locator('.hop.well, .count.good').count(), 0)
  assert.equal(await page.locator('.hop.unknown').count(), 7)
  await firstframe.start()
  await page.locator('.banner.lost').waitFor({ state: 'detached', timeout: 20_000 })
})

test('stale data says how old it is', { timeout: 30_000 }, async () => {
  await page.locator('.banner.stale', { hasText: 'Nothing has come for' }).waitFor({ timeout: 20_000 })
})
