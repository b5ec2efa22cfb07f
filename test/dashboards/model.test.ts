import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { parse } from 'yaml'
import { ALERT_SOURCE, GRAFANA_RULES } from '../../dashboards/alerts/alertRules.ts'
import { alertSql } from '../../dashboards/alerts/alertSql.ts'
import { BOARDS, type Board, uidOf } from '../../dashboards/board.ts'
import { boards } from '../../dashboards/boards.ts'
import { provisioning } from '../../dashboards/provisioning.ts'
import { FACTS } from '../../schemas/facts.ts'
import { ANY_METRIC_NAMES, metricOf } from '../../schemas/metrics.ts'
import { ROLLUPS, type Rollup } from '../../schemas/rollups.ts'
import { boardQueries, panelsOf } from './queries.ts'

/** What Grafana's classic model asks for beyond what the SDK's types hold. */

const all = [...boards()]

test('every board is there, in the classic model, with its own uid', () => {
  assert.deepEqual(
    all.map(([name]) => name),
    Object.keys(BOARDS),
  )
  for (const [name, dashboard] of all) {
    assert.equal(dashboard.schemaVersion, 42)
    assert.equal(dashboard.uid, uidOf(name))
    assert.ok((dashboard.uid ?? '').length <= 40)
    assert.match(dashboard.refresh ?? '', /^\d+[sm]$/)
  }
})

test('panels have ids of their own, a title, a place that no other takes, and a description that names the clock', () => {
  for (const [name, dashboard] of all) {
    const taken = new Map<string, string>()
    const ids = new Set<number>()
    for (const panel of dashboard.panels ?? []) {
      assert.ok(panel.id !== undefined && !ids.has(panel.id), `${name}: ids`)
      ids.add(panel.id)
      const { x, y, w, h } = panel.gridPos!
      assert.ok(x >= 0 && x + w <= 24 && h > 0, `${name}: ${panel.title} leaves the grid`)
      for (let column = x; column < x + w; column += 1)
        for (let row = y; row < y + h; row += 1) {
          const cell = `${column},${row}`
          assert.equal(taken.get(cell), undefined, `${name}: ${panel.title} lies over ${taken.get(cell)}`)
          taken.set(cell, panel.title ?? '?')
        }
    }
    for (const panel of panelsOf(dashboard)) {
      assert.ok(panel.title, `${name}: a panel without a title`)
      assert.match(
        panel.description ?? '',
        /Clock: (received_time|event_time|Prometheus)/,
        `${name}: ${panel.title}`,
      )
      assert.ok((panel.targets ?? []).length >= 1, `${name}: ${panel.title} asks nothing`)
      const refs = panel.targets!.map((target) => (target as unknown as { refId: string }).refId)
      assert.equal(new Set(refs).size, refs.length)
    }
  }
})

test('the clock a panel names is the one its rows are cut by', () => {
  let rollups = 0
  for (const { board, name, panel, target } of boardQueries()) {
    if (panel === undefined) continue
    const named = /Clock: (\w+)/.exec(panel.description ?? '')?.[1]
    const tables = [...target.rawSql.matchAll(/\bFROM (\w+)/g)].map(([, table]) => table!)
    for (const table of tables.filter((each): each is Rollup => each in ROLLUPS)) {
      rollups += 1
      assert.equal(named, ROLLUPS[table].clock, `${board}: ${name} reads ${table}`)
    }
  }
  assert.ok(rollups > 100, `only ${rollups} rollups were read`)
})

const linksIn = (text: string): string[] => [...text.matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid!)

test('links lead from show to session: every target is a board, and its variables exist there', () => {
  const uids = new Map(all.map(([name, dashboard]) => [uidOf(name), dashboard]))
  const edges = new Set<string>()
  for (const [name, dashboard] of all) {
    const text = JSON.stringify(dashboard)
    for (const uid of linksIn(text)) {
      assert.ok(uids.has(uid), `${name} links to ${uid}`)
      edges.add(`${name}>${uid.replace('firstframe-', '')}`)
    }
    assert.ok(
      dashboard.links?.some(({ url }) => url?.startsWith('${console}/')),
      `${name} leads back to the console`,
    )
    for (const [, variable] of text.matchAll(/var-(\w+)=/g)) {
      assert.ok(
        all.some(([, other]) => other.templating?.list?.some((each) => each.name === variable)),
        `no variable ${variable}`,
      )
    }
  }
  const session = JSON.stringify(all.find(([name]) => name === 'stream')![1])
  assert.match(
    session,
    /firstframe-session\?var-session=[^&]*&var-stream=/,
    'a session is opened in its stream',
  )
  for (const edge of ['show>stream', 'stream>session', 'incidents>stream', 'session>session'])
    assert.ok(edges.has(edge), `no link ${edge}`)
})

test('every metric that can be bad is on a board, with the unit, objective and definition of the catalogue', () => {
  const shown = new Map<string, Panel>()
  for (const [, dashboard] of all)
    for (const panel of panelsOf(dashboard))
      for (const [, name] of (panel.description ?? '').matchAll(/metrics\.md#(\w+)/g)) shown.set(name!, panel)
  assert.deepEqual(
    ANY_METRIC_NAMES.filter((name) => !shown.has(name)),
    [],
  )
  for (const [name, panel] of shown)
    assert.ok(panel.description!.includes(metricOf(name as (typeof ANY_METRIC_NAMES)[number]).help))
})

test('Prometheus queries ask for series that Firstframe gives', () => {
  const pipeline = all.find(([name]) => name === ('pipeline' satisfies Board))![1]
  const expressions = panelsOf(pipeline).flatMap(({ targets }) =>
    (targets ?? []).flatMap((target) => (target as { expr?: string }).expr ?? []),
  )
  assert.ok(expressions.length >= 20)
  const known = new Set<string>()
  for (const [fact, spec] of Object.entries(FACTS)) {
    const of = (key: string) => (spec as unknown as Record<string, readonly string[] | undefined>)[key] ?? []
    known.add(`firstframe_${fact}_total`)
    for (const sum of of('sums')) known.add(`firstframe_${fact}_${sum}_total`)
    for (const gauge of of('gauges')) known.add(`firstframe_${fact}_${gauge}`)
    for (const histogram of of('histograms')) known.add(`firstframe_${fact}_${histogram}_bucket`)
  }
  for (const expression of expressions) {
    const series = /firstframe_\w+/.exec(expression)![0]
    assert.ok(known.has(series), `${series} is not given`)
    const by = /by \((?!le\))(\w+)\)/.exec(expression)?.[1]
    const fact = Object.keys(FACTS).find(
      (name) => series.startsWith(`firstframe_${name}_`) && (FACTS as never)[name],
    )!
    if (by !== undefined)
      assert.ok(
        ((FACTS as never)[fact] as { labels?: string[] }).labels?.includes(by),
        `${series} has no label ${by}`,
      )
  }
})

/** A rule as Grafana reads it from a provisioning file (AlertRuleV1). */
interface ProvisionedRule {
  readonly uid: string
  readonly title: string
  readonly condition: string
  readonly data: readonly {
    readonly refId: string
    readonly datasourceUid: string
    readonly relativeTimeRange: { readonly from: number; readonly to: number }
    readonly model: { readonly rawSql?: string }
  }[]
  readonly noDataState: string
  readonly execErrState: string
  readonly for: string
  readonly annotations: Readonly<Record<string, string>>
  readonly dashboardUid: string
  readonly panelId: number
}

test('provisioning: three kinds of file that parse; alert rules as Grafana reads them, each leading to a panel of its metric', () => {
  const files = provisioning()
  assert.deepEqual(
    [...files.keys()],
    ['datasources/firstframe.yaml', 'dashboards/firstframe.yaml', 'alerting/firstframe.yaml'],
  )
  for (const text of files.values()) assert.equal(parse(text).apiVersion, 1)
  const text = files.get('alerting/firstframe.yaml')!
  const { rules } = parse(text).groups[0] as { rules: ProvisionedRule[] }
  assert.equal(rules.length, GRAFANA_RULES.length)
  assert.equal(new Set(rules.map(({ uid }) => uid)).size, rules.length)
  for (const [nth, { data, dashboardUid, panelId, ...rest }] of rules.entries()) {
    const { metric, rule } = GRAFANA_RULES[nth]!
    assert.match(rest.uid, /^[\w-]{1,40}$/)
    assert.ok(rest.title.length <= 190 && rest.title !== '')
    assert.equal(data[0]!.model.rawSql, alertSql(metric, rule), 'queries are taken as they stand')
    assert.ok(
      data.some(({ refId }) => refId === rest.condition),
      'the condition is one of the queries',
    )
    for (const { relativeTimeRange, datasourceUid } of data) {
      assert.ok(relativeTimeRange.from > relativeTimeRange.to)
      assert.ok(['__expr__', ALERT_SOURCE].includes(datasourceUid))
    }
    assert.doesNotMatch(
      JSON.stringify(rest).replaceAll('${FIRSTFRAME_CONSOLE_URL}', ''),
      /\$/,
      'anywhere else $ would be taken for a variable of the environment',
    )
    assert.ok(['NoData', 'OK', 'Alerting', 'KeepLast'].includes(rest.noDataState))
    assert.ok(['Error', 'OK', 'Alerting', 'KeepLast'].includes(rest.execErrState))
    assert.match(rest.for, /^\d+[smh]$/)
    assert.match(rest.annotations.summary!, /\.Values\.A\.Value.*\.Labels\.stream/)
    const board = all.find(([name]) => uidOf(name) === dashboardUid)?.[1]
    const panel = panelsOf(board!).find(({ id }) => id === panelId)
    assert.ok(
      panel?.description?.includes(`metrics.md#${metric}`),
      `${metric} leads to a panel that draws it`,
    )
  }
})

test('series are neutral, green is good and red is bad; counts are whole; columns have headings', () => {
  let columns = 0
  for (const [name, dashboard] of all)
    for (const panel of panelsOf(dashboard)) {
      const where = `${name}: ${panel.title}`
      const { defaults, overrides } = panel.fieldConfig!
      if (panel.type === 'timeseries' || panel.type === 'barchart')
        assert.deepEqual([defaults.color?.mode, defaults.color?.fixedColor], ['shades', 'blue'], where)
      assert.notEqual(defaults.unit, 'short', `${where}: 1.12 K is no count`)
      if (panel.type !== 'table') continue
      for (const { matcher, properties } of overrides) {
        const heading = properties.find(({ id }) => id === 'displayName')?.value as string | undefined
        assert.match(heading ?? '', /^[A-Z0-9][^_]*$/, `${where}: ${matcher.options}`)
        columns += 1
      }
    }
  assert.ok(columns > 100, `only ${columns} columns`)
  const bars = panelsOf(all.find(([name]) => name === 'incidents')![1]).find(
    ({ title }) => title === 'Incidents over time',
  )!
  const colors = bars.fieldConfig!.overrides.map(({ matcher, properties }) => [
    matcher.options,
    (properties[0]!.value as { fixedColor: string }).fixedColor,
  ])
  assert.deepEqual(colors.slice(0, 2), [
    ['Critical', 'red'],
    ['Warning', 'orange'],
  ])
})
