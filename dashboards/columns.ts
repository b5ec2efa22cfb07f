import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { HOPS } from '../schemas/kinds/kinds.ts'
import { type AnyMetric, metricOf } from '../schemas/metrics.ts'
import { DIMENSION_NAMES, HOP_NAMES } from '../schemas/words.ts'
import { type Board, boardLink, consoleLink } from './board.ts'
import { decimalsOf, thresholdsOf, unitOf, WHOLE } from './panels/look.ts'

/** What a column of a table is. */
export interface Column {
  /** Its unit and colours are this metric's. */
  readonly metric?: AnyMetric
  readonly unit?: string
  /** A click leads to this board, with the cell's value as the variable of the column's name. */
  readonly leadsTo?: Board
  /** Columns of the same row that go along as variables: a session is found at once by its stream. */
  readonly carrying?: readonly string[]
  /** A click leads to this page of the console. */
  readonly inConsole?: 'incident' | 'session'
  readonly width?: number
  /** Colours of words. */
  readonly colors?: Readonly<Record<string, string>>
}

/** What each column of a query's result is called: the last name of each item between SELECT and FROM. */
export function columnNames(sql: string): string[] {
  const items = ['']
  let depth = 0
  for (const part of sql
    .replace(/^SELECT\s/, '')
    .match(/"[^"]*"|'[^']*'|`[^`]*`|\bFROM\b|[(),]|[^"'`(),]/g) ?? []) {
    if (depth === 0 && part === 'FROM') break
    depth += Number(part === '(') - Number(part === ')')
    if (depth === 0 && part === ',') items.push('')
    else items[items.length - 1] += part
  }
  return items.map((item) => /("([^"]*)"|\w+)\s*$/.exec(item)!).map(([, name, quoted]) => quoted ?? name!)
}

/** Names that are letters, not words. */
const LETTERS = /^(dns|tcp|tls|fps|id|cdn|av)$/

/** What tells things apart, within a title: `CDN`, `operator`. */
export const dimensionWord = (name: string): string => {
  const word = DIMENSION_NAMES[name]?.en ?? name
  return /^[A-Z]+$/.test(word) ? word : word.toLowerCase()
}

/** A column's heading as a person reads it: a dimension by its name in the catalogue, others as words. */
export function headingOf(name: string): string {
  if (!/^[a-z]/.test(name)) return name
  const words = name
    .replace(/_ms$/, '')
    .split('_')
    .map((word) => (LETTERS.test(word) ? word.toUpperCase() : word))
    .join(' ')
  return DIMENSION_NAMES[name]?.en ?? `${words[0]!.toUpperCase()}${words.slice(1)}`
}

/** Field overrides by column name: every column has a heading, and what is said of it. */
export function columnOverrides(
  columns: Readonly<Record<string, Column>>,
  names: readonly string[],
): [string, DynamicConfigValue[]][] {
  return names.map((name) => {
    const { metric, unit, leadsTo, carrying = [], inConsole, width, colors } = columns[name] ?? {}
    const properties: DynamicConfigValue[] = [
      { id: 'displayName', value: metric === undefined ? headingOf(name) : metricOf(metric).title.en },
    ]
    if (name === 'hop') {
      const options = Object.fromEntries(HOPS.map((hop) => [hop, { text: HOP_NAMES[hop].en }]))
      properties.push({ id: 'mappings', value: [{ type: 'value', options }] })
    }
    if (metric !== undefined) {
      const spec = metricOf(metric)
      properties.push({ id: 'unit', value: unitOf(metric) })
      const decimals = decimalsOf(spec)
      if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals })
      if (spec.objective !== undefined)
        properties.push(
          { id: 'thresholds', value: thresholdsOf(spec).build() },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        )
    }
    if (unit !== undefined) properties.push({ id: 'unit', value: unit })
    if (unit === WHOLE) properties.push({ id: 'decimals', value: 0 })
    if (width !== undefined) properties.push({ id: 'custom.width', value: width })
    if (colors !== undefined) {
      const options = Object.fromEntries(Object.entries(colors).map(([word, color]) => [word, { color }]))
      properties.push(
        { id: 'mappings', value: [{ type: 'value', options }] },
        { id: 'custom.cellOptions', value: { type: 'color-text' } },
      )
    }
    const links = [
      ...(leadsTo === undefined
        ? []
        : [{ title: `Open ${leadsTo}`, url: boardLink(leadsTo, [name, ...carrying]), targetBlank: false }]),
      ...(inConsole === undefined
        ? []
        : [
            {
              title: `The ${inConsole} in the console`,
              url: consoleLink(inConsole, name),
              targetBlank: true,
            },
          ]),
    ]
    if (links.length > 0) properties.push({ id: 'links', value: links })
    return [name, properties]
  })
}
