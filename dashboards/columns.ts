import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { type AnyMetric, metricOf } from '../schemas/metrics.ts'
import { type Board, boardLink, consoleLink } from './board.ts'
import { thresholdsOf, unitOf } from './panels/look.ts'

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

/** Field overrides by column name. */
export function columnOverrides(columns: Readonly<Record<string, Column>>): [string, DynamicConfigValue[]][] {
  return Object.entries(columns).map(
    ([name, { metric, unit, leadsTo, carrying = [], inConsole, width, colors }]) => {
      const properties: DynamicConfigValue[] = []
      if (metric !== undefined) {
        const spec = metricOf(metric)
        properties.push({ id: 'unit', value: unitOf(metric) })
        if (spec.objective !== undefined)
          properties.push(
            { id: 'thresholds', value: thresholdsOf(spec).build() },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          )
      }
      if (unit !== undefined) properties.push({ id: 'unit', value: unit })
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
    },
  )
}
