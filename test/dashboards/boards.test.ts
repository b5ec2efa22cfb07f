import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { GRAFANA_RULES } from '../../dashboards/alerts/alertRules.ts'
import { alertSql } from '../../dashboards/alerts/alertSql.ts'
import { boards } from '../../dashboards/boards.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { launchBrowser } from '../stream/browser.ts'
import { type Answer, askAsReader } from './ask.ts'
import { ALL, type Choice, expand } from './macros.ts'
import { previewBoards } from './preview/build.ts'
import { previewPage } from './preview/page.ts'
import { type BoardQuery, boardQueries } from './queries.ts'
import { playInto, type RehearsedShow } from './rehearsedShow.ts'

let it: TestStore
let show: RehearsedShow
before(async () => {
  it = await startTestStore()
  show = await playInto(it.store, { end_ms: Date.now() })
})
after(() => it?.stop())

const choice = (more: Record<string, string | string[]> = {}): Choice => ({
  from_ms: show.from_ms,
  to_ms: show.to_ms,
  interval_s: 10,
  variables: {
    tenant: show.tenant,
    show: show.show,
    stream: ALL,
    app: ALL,
    cdn: ALL,
    session: show.session,
    price_per_gb: '0.02',
    ...more,
  },
})

const isTime = (type: string) => /^DateTime/.test(type)
const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)
const isText = (type: string) => /^(LowCardinality\()?(Nullable\()?(String|FixedString|Enum)/.test(type)

/** Whether Grafana can draw these columns in this kind of panel. */
function assertFits({ show: what, type, target, panel }: BoardQuery, { meta }: Answer): void {
  const times = meta.filter((column) => isTime(column.type))
  const numbers = meta.filter((column) => isNumber(column.type))
  const texts = meta.filter((column) => isText(column.type))
  const shape = JSON.stringify(meta)
  if (what === 'variable') {
    assert.equal(meta.length, 1, shape)
    return
  }
  if (what === 'annotation') {
    assert.deepEqual(
      meta.map(({ name }) => name),
      ['time', 'timeEnd', 'text', 'tags'],
    )
    return
  }
  if (target.format === 0) {
    assert.equal(times.length, 1, `lines need one time: ${shape}`)
    assert.ok(numbers.length >= 1, `lines need a number: ${shape}`)
    assert.ok(texts.length <= 1, `at most one column names the series: ${shape}`)
    const label = /labels\.(\w+)/.exec(panel?.fieldConfig?.defaults?.displayName ?? '')?.[1]
    if (label !== undefined)
      assert.ok(
        texts.some(({ name }) => name === label),
        `the series' name ${label} is not a column: ${shape}`,
      )
    if (texts.length === 1) assert.ok(label, `a text column must name the series: ${shape}`)
  }
  if (type === 'stat') assert.equal(numbers.length, 1, `a stat shows one number: ${shape}`)
  if (type === 'barchart') {
    const { xField } = (panel?.options ?? {}) as { xField?: string }
    assert.ok(meta.some(({ name }) => name === xField))
    assert.ok(numbers.length >= 1, shape)
  }
  if (type === 'state-timeline') assert.equal(times.length, 1, shape)
  for (const { matcher } of panel?.fieldConfig?.overrides ?? [])
    assert.ok(
      meta.some(({ name }) => name === matcher.options),
      `${matcher.options} is overridden and no column: ${shape}`,
    )
}

/** Rows a query may read: rollups of a few minutes of one show, or a few minutes of raw rows where the panel says so. */
const ROLLUP_BOUND = 60_000

test('every query of every panel, variable and annotation runs as a reader, gives rows, fits its panel and reads rollups', async () => {
  const queries = boardQueries()
  assert.ok(queries.length > 150, `only ${queries.length} queries were found`)
  const empty: string[] = []
  for (const query of queries) {
    const where = `${query.board}: ${query.name}`
    const sql = expand(query.target.rawSql, choice())
    assert.doesNotMatch(sql, /\bSETTINGS\b/i, where)
    const answer = await askAsReader(it.url, sql).catch((error: Error) => {
      throw new Error(`${where}: ${error.message}`)
    })
    try {
      assertFits(query, answer)
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
    }
    if (answer.data.length === 0) empty.push(where)
    const raw = /FROM (heartbeat|startup|interaction|cue|cohost|hop|probe|resource)\b(?!_)/.test(sql)
    if (raw)
      assert.match(
        query.panel?.description ?? '',
        /raw rows|startup, heartbeat/,
        `${where} reads raw rows and does not say so`,
      )
    else assert.ok(answer.rows_read <= ROLLUP_BOUND, `${where} read ${answer.rows_read} rows`)
  }
  assert.deepEqual(
    empty,
    ['startup: Errors of the last hour'].filter((each) => empty.includes(each)),
  )
})

test('one stream, app and CDN chosen, and two at once: every query runs', async () => {
  const cdns = await it.store.query<{ cdn: string; app: string }>(
    'SELECT cdn, any(app) AS app FROM heartbeat_stream_10s WHERE NOT synthetic GROUP BY cdn ORDER BY cdn LIMIT 2',
  )
  for (const { board, name, target } of boardQueries()) {
    const entry = choice({ stream: show.stream, app: cdns[0]!.app, cdn: cdns.map(({ cdn }) => cdn) })
    await askAsReader(it.url, expand(target.rawSql, { ...entry, interval_s: 17 })).catch((error: Error) => {
      throw new Error(`${board}: ${name}: ${error.message}`)
    })
  }
})

test('a quote in a variable stays a value', async () => {
  const query = boardQueries().find(({ board, show }) => board === 'show' && show === 'panel')!
  const { data } = await askAsReader(
    it.url,
    expand(query.target.rawSql, choice({ show: "it's; DROP TABLE heartbeat" })),
  )
  assert.deepEqual(data, [])
})

test('a hop that falls silent is seen as silent, from its last report to the board’s end', async () => {
  const { target } = boardQueries().find(({ name }) => name === 'Who reports')!
  const reports = async (to_ms: number) => {
    const { data } = await askAsReader(it.url, expand(target.rawSql, { ...choice(), to_ms }))
    return data.filter(({ name }) => name === 'encoder encoder-1').map((row) => Number(row.reports))
  }
  // the rehearsal ends a while before its last whole minute
  const last_ms = show.to_ms - 30_000
  assert.ok(!(await reports(last_ms)).includes(0))
  const later = await reports(show.to_ms + 60_000)
  assert.deepEqual(later.slice(-6), [0, 0, 0, 0, 0, 0])
  assert.equal(later[0], 1)
})

test('every alert rule runs; quiet before the fault, firing during it, quiet for a show that is not there', async () => {
  const firing = async (to_ms: number) => {
    const found = new Set<string>()
    for (const { metric, rule } of GRAFANA_RULES) {
      const sql = expand(alertSql(metric, rule), { ...choice(), to_ms, from_ms: to_ms - 600_000 })
      const { data, meta } = await askAsReader(it.url, sql).catch((error: Error) => {
        throw new Error(`${metric} ${rule.type}: ${error.message}`)
      })
      assert.equal(meta.filter(({ type }) => isNumber(type)).length, 1, 'labels and one number')
      if (data.length > 0) found.add(`${metric} ${rule.type}`)
    }
    return [...found]
  }
  const calm = await firing(show.from_ms + 115_000)
  assert.deepEqual(
    calm.filter((each) => /rebuffering_ratio|interaction_success/.test(each)),
    [],
  )
  const bad = await firing(show.from_ms + 185_000)
  assert.ok(bad.includes('rebuffering_ratio baseline'), `fired: ${bad.join(', ')}`)
  assert.deepEqual(
    (await firing(show.from_ms - 3_600_000)).filter((each) => !each.endsWith('absence')),
    [],
  )
})

test('the preview draws every panel of every board, each with something in it', async () => {
  const drawn = await previewBoards(
    () => choice(),
    { sql: (text) => askAsReader(it.url, text) },
    [...boards().keys()].filter((name) => name !== 'pipeline'),
  )
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-preview-'))
  const browser = await launchBrowser()
  try {
    const html = join(folder, 'boards.html')
    await writeFile(html, await previewPage(drawn))
    const empty: string[] = []
    for (const { name, panels } of drawn) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(`${pathToFileURL(html)}#${name}`)
      await page.locator('body[data-drawn]').waitFor()
      assert.deepEqual(errors, [], name)
      assert.equal(await page.locator('.box').count(), panels.filter(({ type }) => type !== 'row').length)
      const titles = await page.locator('.box:has(.none) h3').allTextContents()
      empty.push(...titles.map((title) => `${name}: ${title.replace(/\s*ⓘ$/, '')}`))
      await page.close()
    }
    assert.deepEqual(
      empty,
      ['startup: Errors of the last hour'].filter((each) => empty.includes(each)),
    )
  } finally {
    await browser.close()
    await rm(folder, { recursive: true })
  }
})
