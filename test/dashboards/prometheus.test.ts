import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Board } from '../../dashboards/board.ts'
import { boards } from '../../dashboards/boards.ts'
import { waitFor } from '../stream/waitFor.ts'
import { type LivePipeline, startLivePipeline } from './preview/livePipeline.ts'
import { askPrometheus } from './preview/prometheus.ts'
import { panelsOf } from './queries.ts'

/** The board about Firstframe itself, asked of a real Prometheus that watches a real Firstframe with an audience. */

const pipeline = boards().get('pipeline' satisfies Board)!
const panels = panelsOf(pipeline).flatMap(({ title, targets }) =>
  (targets ?? []).flatMap((target) => {
    const { expr } = target as { expr?: string }
    return expr === undefined
      ? []
      : [{ title: title ?? '?', expr: expr.replaceAll('$__rate_interval', '15s') }]
  }),
)
const seriesIn = (expr: string): string => /firstframe_\w+/.exec(expr)![0]

let live: LivePipeline
before(async () => {
  live = await startLivePipeline()
})
after(() => live?.stop())

const ask = (expr: string) =>
  askPrometheus(live.prometheus, expr, { from_ms: live.from_ms, to_ms: Date.now(), step_s: 1 })

/** Panels that have something to show while all is well and some beacons are wrong. */
const BUSY = [
  'Requests by status',
  'Events taken by kind',
  'Events refused by code',
  'Time until a batch is durable, p99',
  'Writer: messages not read yet',
  'Rows written by table',
  'Time of an insert, p99',
  'Watcher: behind the clock',
  'Streams watched',
  'Store on disk',
]

test('every expression is understood, and those of a pipeline at work have numbers', {
  timeout: 120_000,
}, async () => {
  assert.ok(panels.length >= 20)
  for (const { expr } of panels) await ask(expr)
  for (const title of BUSY) {
    const { expr } = panels.find((panel) => panel.title === title)!
    await waitFor(
      async () =>
        (await ask(expr)).some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value)))),
      { what: `${title}: ${expr}`, every_ms: 500 },
    )
  }
})

test('a panel whose series Firstframe gives by now shows it, by the labels it asks for', async () => {
  const given = await (await fetch(`${live.consoleUrl}/metrics`)).text()
  const shown = panels.filter(({ expr }) => new RegExp(`^${seriesIn(expr)}[{ ]`, 'm').test(given))
  assert.ok(shown.length >= BUSY.length)
  for (const { title, expr } of shown) {
    const found = await waitFor(
      async () => {
        const series = await ask(expr)
        return series.length > 0 && series
      },
      { what: `${title}: ${expr}` },
    )
    const label = /by \((?!le\))(\w+)\) \(/.exec(expr)?.[1]
    if (label !== undefined)
      for (const { metric } of found) assert.deepEqual(Object.keys(metric), [label], title)
  }
})
