/**
 * Looks at the boards without a Grafana: one HTML page that lays the panels out by their places and draws them from their own queries.
 *
 *     npx tsx test/dashboards/preview/run.ts --console http://localhost:8081 --show my-show [--out boards.html]
 *         [--tenant demo] [--minutes 60] [--session ID] [--prometheus http://localhost:9090]
 *     npx tsx test/dashboards/preview/run.ts [--out boards.html] [--pictures docs/pictures [--only board-show,report]]
 *
 * Without `--console` it plays an evening with two faults into a store of its own, and, with `--pictures`, runs a Firstframe and a
 * Prometheus for the board about Firstframe itself; about four minutes.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import { writeReport } from '../../../console/report/writeReport.ts'
import { serveSql } from '../../../console/server/sql.ts'
import { BOARDS, type Board } from '../../../dashboards/board.ts'
import { startTestStore } from '../../../store/testing.ts'
import { launchBrowser } from '../../stream/browser.ts'
import { findProgram } from '../../stream/programs.ts'
import { type Answer, askAsReader } from '../ask.ts'
import { ALL, type Choice } from '../macros.ts'
import { insertRehearsal, play } from '../rehearsedShow.ts'
import { previewBoards } from './build.ts'
import { promqlOf, startLivePipeline } from './livePipeline.ts'
import { previewPage } from './page.ts'
import type { PreviewBoard } from './panelData.ts'

const ALL_BOARDS = Object.keys(BOARDS) as Board[]
/** The audience comes within this time. */
const JOINING_MS = 5 * 60_000
/** What of a session's time is shown. */
const SESSION_MS = 12 * 60_000
/** How long the pipeline is watched for its picture. */
const LIVE_MS = 100_000
/** A picture in the documentation weighs no more. */
const MOST_BYTES = 300_000

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

interface Chosen {
  readonly from_ms: number
  readonly to_ms: number
  readonly tenant: string
  readonly show: string
  readonly session: string
  /** The session's own. */
  readonly stream?: string
}

/** The session board is of one stream, as it is when one comes from a table of sessions. */
const choiceOf =
  ({ from_ms, to_ms, tenant, show, session, stream }: Chosen) =>
  (board: Board): Choice => ({
    from_ms,
    to_ms,
    interval_s: 10,
    variables: {
      tenant,
      show,
      session,
      stream: board === 'session' && stream !== undefined ? stream : ALL,
      app: ALL,
      cdn: ALL,
      price_per_gb: '0.02',
    },
  })

async function askConsole(url: string, sql: string): Promise<Pick<Answer, 'meta' | 'data'>> {
  const answer = await fetch(
    `${url.replace(/\/$/, '')}/clickhouse/?default_format=JSON&database=firstframe`,
    {
      method: 'POST',
      body: sql,
    },
  )
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${text.trim()}\n${sql}`)
  return JSON.parse(text) as Answer
}

/** Of a running Firstframe. */
async function fromConsole(url: string): Promise<PreviewBoard[]> {
  const show = option('show')
  if (show === undefined) throw new Error('which show? --show NAME')
  const to_ms = Date.now()
  const prometheus = option('prometheus')
  return previewBoards(
    choiceOf({
      from_ms: to_ms - Number(option('minutes') ?? 60) * 60_000,
      to_ms,
      tenant: option('tenant') ?? 'demo',
      show,
      session: option('session') ?? '',
    }),
    {
      sql: (text) => askConsole(url, text),
      ...(prometheus !== undefined && { promql: promqlOf(prometheus) }),
    },
  )
}

/** The report of the same evening, through the address an analyst has. */
async function writeReportOf(url: string, show: string, out: string): Promise<void> {
  const app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  serveSql(app, { url, user: 'reader', password: '' })
  try {
    await writeReport({
      show,
      url: await app.listen({ host: '127.0.0.1', port: 0 }),
      lang: 'en',
      out,
      clock: Date.now,
    })
  } finally {
    await app.close()
  }
}

/** Of an evening that is played into a store for it; with `report` its report is written there. */
async function rehearsed(report?: string): Promise<PreviewBoard[]> {
  const played = await play({ end_ms: Date.now(), file: new URL('evening.yaml', import.meta.url) })
  const test = await startTestStore({ server: { maxMemory_bytes: 4e9 } })
  try {
    const show = await insertRehearsal(test.store, played)
    const sick = (
      await test.store.query<{ session: string; stream: string; first_ms: number }>(
        `SELECT session, any(stream) AS stream, toFloat64(toUnixTimestamp(min(event_time))) * 1000 AS first_ms FROM heartbeat
         WHERE NOT synthetic AND session IN (SELECT session FROM interaction) GROUP BY session ORDER BY sum(stalled_ms) DESC LIMIT 1`,
      )
    )[0]!
    // as on an evening: the show was there before the board's time
    const evening = { ...show, from_ms: show.from_ms + JOINING_MS }
    const from_ms = Math.floor(sick.first_ms / 60_000) * 60_000 - 60_000
    const whole = choiceOf({ ...evening, session: sick.session })
    const own = choiceOf({ ...show, ...sick, from_ms, to_ms: Math.min(show.to_ms, from_ms + SESSION_MS) })
    if (report !== undefined) await writeReportOf(test.url, show.show, report)
    return await previewBoards(
      (name) => (name === 'session' ? own : whole)(name),
      { sql: (text) => askAsReader(test.url, text) },
      ALL_BOARDS.filter((name) => name !== 'pipeline'),
    )
  } finally {
    await test.stop()
  }
}

async function pipelineBoard(): Promise<PreviewBoard[]> {
  const live = await startLivePipeline()
  try {
    await wait(LIVE_MS)
    return await previewBoards(
      choiceOf({ from_ms: live.from_ms, to_ms: Date.now(), tenant: 'demo', show: live.show, session: '' }),
      { sql: (text) => askConsole(live.consoleUrl, text), promql: promqlOf(live.prometheus) },
      ['pipeline'],
    )
  } finally {
    await live.stop()
  }
}

/** A picture of at most 256 colours: half the bytes, and nobody sees it. */
async function fewerColours(from: string, to: string): Promise<void> {
  const filter = 'split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=none'
  await promisify(execFile)(findProgram('ffmpeg'), [
    '-y',
    '-loglevel',
    'error',
    '-i',
    from,
    '-vf',
    filter,
    to,
  ])
  await rm(from)
}

async function takePictures(
  pages: readonly {
    readonly name: string
    readonly url: string
    readonly width: number
    /** The picture ends there; without it the whole page is taken. */
    readonly height?: number
  }[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const browser = await launchBrowser()
  try {
    for (const { name, url, width, height } of pages) {
      const page = await browser.newPage({ viewport: { width, height: height ?? 900 } })
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(url)
      await page.locator('body[data-drawn], main').first().waitFor()
      if (errors.length > 0) throw new Error(`${name}: ${errors.join('; ')}`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      if (wide > width) throw new Error(`${name}: ${wide - width} px are off the screen`)
      const path = join(folder, `${name}.png`)
      await page.screenshot({ path: `${path}.full.png`, fullPage: height === undefined })
      await fewerColours(`${path}.full.png`, path)
      const { size } = await stat(path)
      if (size > MOST_BYTES) console.error(`${path} weighs ${size} bytes; at most ${MOST_BYTES}`)
      console.log(path)
      await page.close()
    }
  } finally {
    await browser.close()
  }
}

const pictures = option('pictures')
const only = option('only')?.split(',')
const wanted = (name: string): boolean => only?.includes(name) ?? true
const console_ = option('console')
const folder = await mkdtemp(join(tmpdir(), 'firstframe-boards-'))
const html = resolve(option('out') ?? join(folder, 'boards.html'))
const report = join(folder, 'report.html')
const boards =
  console_ !== undefined
    ? await fromConsole(console_)
    : pictures === undefined
      ? await rehearsed()
      : [...(await rehearsed(report)), ...(wanted('board-pipeline') ? await pipelineBoard() : [])]
await writeFile(html, await previewPage(boards))
if (pictures !== undefined) {
  const of = (path: string) => String(pathToFileURL(path))
  await takePictures(
    [
      ...boards.map(({ name }) => ({ name: `board-${name}`, url: `${of(html)}#${name}`, width: 1440 })),
      ...(console_ === undefined
        ? [
            { name: 'report', url: of(report), width: 1000 },
            { name: 'report-phone', url: of(report), width: 390, height: 1500 },
          ]
        : []),
    ].filter(({ name }) => wanted(name)),
    pictures,
  )
  if (option('out') === undefined) await rm(folder, { recursive: true })
  else console.log(html)
} else console.log(html)
