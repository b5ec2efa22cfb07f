/** Where each fact of the catalogue comes from and where each metric is seen: `docs/show.md`, and what is missing in it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedDashboards } from '../dashboards/generate.ts'
import { KIND_NAMES, KINDS, type Kind } from '../schemas/kinds/kinds.ts'
import { MEASURES, type MeasureSpec } from '../schemas/measures.ts'
import { ANY_METRIC_NAMES, type AnyMetric, metricOf } from '../schemas/metrics.ts'
import { measuresOfMetric } from '../schemas/sources.ts'
import { isTestFile, ROOT, type SourceFile, sourceFiles } from './sources.ts'

/** Folders whose files make facts of something that happened. A simulator (`rehearsal/`, `k6/`) is no source. */
const SOURCES = /^(player|ingest|collector|probe)\//
/** Code that reads facts and makes none. */
const READERS = /generated\/|standIns|^collector\/(trust|auth)\//
/** Kinds whose senders are the user's own servers and pages: the page that tells them how is the source. */
const DOCUMENTED: Partial<Record<Kind, readonly string[]>> = {
  interaction: ['docs/players/README.md'],
  hop: ['docs/sources.md'],
  resource: ['docs/sources.md'],
  ledger: ['docs/sources.md'],
  change: ['docs/sources.md'],
}
/** Folders whose files show a metric to a person. */
const SHOWS = /^console\/(page|server|report|query)\//

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')

/** Whether a text gives a value to a property of this name: `name: value`, `x.name = value`, `{ name }` or a table's `'name'`. */
const fills = (text: string, field: string): boolean =>
  new RegExp(
    `(?<!readonly )(?<![\\w.])'?${field}'?:|\\.${field} =[^=]|'${field}'|[{,]\\s*${field}\\s*[,}]`,
  ).test(text)

/** Whether a text makes facts of this kind. */
const makes = ({ path, text }: SourceFile, kind: Kind): boolean =>
  kind === 'probe'
    ? path.startsWith('probe/')
    : text.includes(`'${kind}'`) || (kind === 'hop' && /\bhop: '/.test(text))

const namesInCode = (text: string, field: string): boolean =>
  [...text.matchAll(/`[^`]+`|```[\s\S]*?```/g)].some(([code]) => new RegExp(`\\b${field}\\b`).test(code))

export interface ShowTable {
  /** Source files by `kind.field`. */
  readonly sources: ReadonlyMap<string, readonly string[]>
  readonly metrics: readonly MetricRow[]
}

interface MetricRow {
  readonly metric: AnyMetric
  readonly fields: readonly string[]
  readonly boards: readonly string[]
  readonly pages: readonly string[]
  readonly tests: readonly string[]
}

const fieldsOf = (metric: AnyMetric): string[] => {
  const measures = measuresOfMetric(metric).map((name): MeasureSpec => MEASURES[name])
  const names = measures.flatMap(({ kind, add = [], where = {}, times }) =>
    [...add, ...Object.keys(where), ...(times === undefined ? [] : [times])]
      .filter((name) => name in KINDS[kind].fields)
      .map((name) => `${kind}.${name}`),
  )
  return [...new Set(names)]
}

/** Reads the sources of the checkout, the boards and the tests. */
export function showTable(files: readonly SourceFile[] = sourceFiles()): ShowTable {
  const producers = files
    .filter(({ path }) => SOURCES.test(path) && !isTestFile(path) && !READERS.test(path))
    .map(({ path, text }) => ({ path, text: withoutComments(text) }))
  const sources = new Map<string, string[]>()
  for (const kind of KIND_NAMES) {
    const ofKind = producers.filter((file) => makes(file, kind))
    const pages = DOCUMENTED[kind] ?? []
    for (const field of Object.keys(KINDS[kind].fields))
      sources.set(`${kind}.${field}`, [
        ...ofKind.filter(({ text }) => fills(text, field)).map(({ path }) => path),
        ...pages.filter((page) => namesInCode(readFileSync(join(ROOT, page), 'utf8'), field)),
      ])
  }
  const boards = [...generatedDashboards()].filter(([path]) => path.endsWith('.json'))
  const tests = files.filter(({ path }) => /\.test\.ts$|^test\//.test(path))
  const named = (name: string) => new RegExp(`\\b${name}\\b`)
  const metrics = ANY_METRIC_NAMES.map((metric) => ({
    metric,
    fields: fieldsOf(metric),
    boards: boards.filter(([, text]) => text.includes(`metrics.md#${metric}`)).map(([path]) => path),
    pages: files
      .filter(({ path, text }) => SHOWS.test(path) && !isTestFile(path) && named(metric).test(text))
      .map(({ path }) => path),
    tests: tests
      .filter(({ text }) => named(metric).test(text) || /METRIC_NAMES\b/.test(text))
      .map(({ path }) => path),
  }))
  return { sources, metrics }
}

/** What the table lacks, one line each: a field that no source fills, a metric that no board shows, a rule without a runbook. */
export function brokenShow({ sources, metrics }: ShowTable = showTable()): string[] {
  return [
    ...[...sources].flatMap(([field, files]) =>
      files.length === 0 ? `${field} is filled by no source` : [],
    ),
    ...metrics.flatMap(({ metric, boards }) => (boards.length === 0 ? `${metric} is on no board` : [])),
    ...metrics.flatMap(({ metric }) =>
      (metricOf(metric).rules ?? []).length > 0 && !existsSync(join(ROOT, runbookOf(metric)))
        ? `${metric} has a rule and no runbook`
        : [],
    ),
  ]
}

const runbookOf = (metric: AnyMetric): string => `docs/runbooks/${metric}.md`
const SHOWN_PATHS = 4
const paths = (list: readonly string[]): string =>
  list.length === 0
    ? '–'
    : [...new Set(list)]
        .slice(0, SHOWN_PATHS)
        .map((path) => `\`${path}\``)
        .join(' ')

/** `docs/show.md`: every metric from its source to its test, then the facts that stand in no metric. */
export function showPage({ sources, metrics }: ShowTable = showTable()): string {
  const rows = metrics.map(({ metric, fields, boards, pages, tests }) => {
    const { title, rules = [] } = metricOf(metric)
    return [
      `[${metric}](data/metrics.md#${metric}) ${title.zh}`,
      paths(fields.flatMap((field) => sources.get(field) ?? [])),
      rules.map(({ type, severity }) => `${type} (${severity})`).join(', ') || '–',
      paths(boards),
      paths(pages),
      rules.length === 0 ? '–' : `\`${runbookOf(metric)}\``,
      paths(own(tests)),
    ]
  })
  const inMetrics = new Set(metrics.flatMap(({ fields }) => fields))
  const others = [...sources].flatMap(([field, files]) =>
    inMetrics.has(field) ? [] : [[field, paths(files)]],
  )
  const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
    [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `<!-- Written by \`npm run generate\` from the catalogue, the sources and the tests (check/showTable.ts). -->
# The show, row by row

Where each number comes from and where it is seen. \`npm run check\` fails when a field has no source, a metric no board, or a rule no runbook.
At most ${SHOWN_PATHS} paths stand in a cell.

${table(['metric', 'filled by', 'rule', 'board', 'console and report', 'runbook', 'test'], rows)}

## Facts that no metric is made of

They stand in the raw tables, for queries and for an incident's evidence.

${table(['field', 'filled by'], others)}
`
}

/** Tests that name the metric before those that go through all. */
const own = (tests: readonly string[]): readonly string[] =>
  [...tests].sort((a, b) => Number(GENERAL.test(a)) - Number(GENERAL.test(b)))
const GENERAL = /analysts|clients|dashboards|rules\.test|windowsEqualSql/
