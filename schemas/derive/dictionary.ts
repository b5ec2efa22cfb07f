import { DIMENSIONS, type DimensionSpec } from '../dimensions.ts'
import { ENVELOPE, FLAGS } from '../envelope.ts'
import { FACTS } from '../facts.ts'
import { type FieldSpec, isNumeric, rangeOf } from '../field.ts'
import { KINDS, type Kind } from '../kinds/kinds.ts'
import { MEASURES } from '../measures.ts'
import { ANY_METRIC_NAMES, type AnyMetric, METRIC_NAMES, metricOf } from '../metrics.ts'
import { REASONS } from '../reasons.ts'
import { keptBy, ROLLUPS } from '../rollups.ts'
import { measuresOfMetric, rollupsOf } from '../sources.ts'
import { kindOfMetric, metricSql, metricWhere } from '../sql.ts'
import { SYSTEM_TABLES } from '../system.ts'
import { clickhouseType, columnsOf, type Table } from './columns.ts'

const NOTICE = '<!-- Written by `npm run generate` from schemas/. Change it there. -->\n'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function allowed(field: FieldSpec): string {
  if (field.values) return field.values.map((value) => (value === '' ? '(none)' : value)).join(', ')
  if (!isNumeric(field) || field.type === 'time') return ''
  const { min, max } = rangeOf(field)
  return field.min !== undefined || field.max !== undefined ? `${min} … ${max}` : ''
}

/** `docs/data/metrics.md`: every metric with its definition, objective, rules and SQL. */
export function metricDictionary(): string {
  const entry = (name: AnyMetric): string => {
    const metric = metricOf(name)
    // A metric of two kinds has no raw table: it is read from a rollup that both fill.
    const isOfOneKind = (METRIC_NAMES as readonly AnyMetric[]).includes(name)
    const sql = metricSql(name, { over: isOfOneKind ? 'raw' : 'rollup', window_ms: '{window_ms:UInt64}' })
    const table = isOfOneKind ? kindOfMetric(name) : rollupsOf([name])[0]!
    const parts = [
      `## ${name}`,
      `**${metric.title.en}** · ${metric.title.zh} · hop: ${metric.hop} · unit: ${metric.unit} · better: ${metric.better}`,
      metric.help,
      metric.objective === undefined
        ? ''
        : `Objective: ${metric.better === 'lower' ? 'at most' : 'at least'} ${metric.objective} ${metric.unit}.`,
      `\`\`\`sql\nSELECT ${sql} AS ${name}\nFROM ${table}\nWHERE ${metricWhere(name)}\n\`\`\``,
      `From: ${
        metric.parts || metric.factors
          ? [...Object.keys(metric.parts ?? {}), ...(metric.factors ?? []).flat().map(({ of }) => of)]
              .map((each) => `[${each}](#${each})`)
              .join(', ')
          : measuresOfMetric(name)
              .map((each) => `\`${each}\` (${MEASURES[each].help})`)
              .join(' ÷ ')
      }`,
      (metric.rules ?? []).length === 0
        ? 'No rule pages on it.'
        : `Rules: ${metric
            .rules!.map(
              ({ type, severity, ...rest }) =>
                `${type} (${severity}; ${Object.entries(rest)
                  .map(([key, value]) => `${key} ${value}`)
                  .join(', ')})`,
            )
            .join(' · ')}`,
    ]
    return parts.filter((part) => part !== '').join('\n\n')
  }
  return `${NOTICE}# Metrics\n\nOne definition, used by the console, the alerts, the boards and the worked queries. Rows are weighted by \`weight\`; quantiles are within 2 %.\nWhere a rollup is read instead of raw rows, the same measures are columns of it.\n\n${ANY_METRIC_NAMES.map(entry).join('\n\n')}\n`
}

/** `docs/data/tables.md`: every table and column. */
export function tableDictionary(): string {
  const own = (name: Table, fields: Readonly<Record<string, FieldSpec>>) =>
    table(
      ['column', 'type', 'allowed', 'meaning'],
      columnsOf(name)
        .filter((column) => column.name in fields)
        .map((column) => [
          `\`${column.name}\`${column.field.required ? ' *' : ''}`,
          `\`${clickhouseType(column)}\``,
          allowed(column.field),
          column.field.help,
        ]),
    )
  const kinds = (Object.keys(KINDS) as Kind[]).map(
    (kind) =>
      `## ${kind}\n\n${KINDS[kind].help} Hop: ${KINDS[kind].hop === 'field' ? 'its `hop` column says' : KINDS[kind].hop}. Kept ${KINDS[kind].retention_days} days.\n\n${own(kind, KINDS[kind].fields)}`,
  )
  const system = Object.entries(SYSTEM_TABLES).map(
    ([name, spec]) =>
      `## ${name}\n\n${spec.help} Kept ${spec.retention_days} days.\n\n${own(name as Table, spec.fields)}`,
  )
  const rollups = Object.entries(ROLLUPS).map(
    ([name, spec]) =>
      `### ${name}\n\n${'over' in spec ? `A view over ${spec.over.map((each) => `\`${each}\``).join(', ')}` : `Of \`${spec.kind}\``}, each ${spec.step_s} s of \`${spec.clock}\`, kept ${spec.retention_days} days. By: tenant, show, stream, ${spec.by.join(', ')}.\nMeasures: ${keptBy(
        spec,
      )
        .map((each) => `\`${each}\``)
        .join(', ')}.`,
  )
  return `${NOTICE}# Tables\n\nOne kind of event is one topic is one table. A * marks a field without which an event is refused.\n\n## Columns of every kind\n\n${own('heartbeat', ENVELOPE)}\n\nBits of \`flags\`:\n\n${table(
    ['bit', 'name', 'meaning'],
    Object.entries(FLAGS).map(([name, { bit, help }]) => [String(bit), name, help]),
  )}\n\n${kinds.join('\n\n')}\n\n# Tables of our own\n\n${system.join('\n\n')}\n\n# Rollups\n\nColumns are named like the measures: add them with \`sum\`, \`sumMap\` or \`uniqCombined64Merge\`. \`time\` is the beginning of the step.\n\n${rollups.join('\n\n')}\n`
}

/** `docs/data/dimensions.md`. */
export const dimensionDictionary = (): string =>
  `${NOTICE}# Dimensions\n\nEvery fact has them; a value beyond its budget becomes \`~other\`.\n\n${table(
    ['dimension', 'filled by', 'distinct values a tenant an hour', 'may be named as a cause', 'meaning'],
    Object.entries(DIMENSIONS as Readonly<Record<string, DimensionSpec>>).map(([name, spec]) => [
      `\`${name}\``,
      spec.from,
      spec.budget === 0 ? 'not bounded' : String(spec.budget),
      spec.causal ? 'yes' : 'no',
      spec.help,
    ]),
  )}\n`

/** `docs/data/reasons.md`. */
export const reasonDictionary = (): string =>
  `${NOTICE}# Reasons for refusing\n\nThe \`code\` of an answer, or of a row in \`dead_letter\`.\n\n${table(
    ['code', 'HTTP status of a whole request', 'try again', 'what to do'],
    Object.entries(REASONS).map(([code, { status, retry, help }]) => [
      `\`${code}\``,
      String(status),
      retry ? 'yes' : 'no',
      help,
    ]),
  )}\n`

/** `docs/data/facts.md`: our own metrics and log lines. */
export const factDictionary = (): string =>
  `${NOTICE}# What Firstframe says about itself\n\nEach fact is a log line and a counter \`firstframe_<fact>_total\`; further series as listed. \`/metrics\` on the console’s port.\n\n${table(
    ['fact', 'level', 'labels', 'further series', 'meaning'],
    Object.entries(FACTS).map(([name, spec]) => {
      const of = (key: string): readonly string[] =>
        key in spec ? (spec as unknown as Record<string, string[]>)[key]! : []
      const series = [
        ...of('sums').map((each) => `firstframe_${name}_${each}_total`),
        ...of('histograms').map((each) => `firstframe_${name}_${each} (histogram)`),
        ...of('gauges').map((each) => `firstframe_${name}_${each}`),
      ]
      return [`\`${name}\``, spec.level, of('labels').join(', '), series.join(', '), spec.help]
    }),
  )}\n`
