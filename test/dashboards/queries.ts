import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Board } from '../../dashboards/board.ts'
import { boards } from '../../dashboards/boards.ts'
import { CLICKHOUSE, type ClickHouseTarget } from '../../dashboards/query.ts'

/** One query of a board, and what will show it. */
export interface BoardQuery {
  readonly board: Board
  readonly name: string
  readonly show: 'panel' | 'variable' | 'annotation'
  /** Kind of panel. */
  readonly type: string
  readonly panel?: Panel
  readonly target: ClickHouseTarget
}

const isClickHouse = (target: unknown): target is ClickHouseTarget =>
  (target as ClickHouseTarget | undefined)?.datasource?.type === CLICKHOUSE.type

/** All panels of a board that are no rows. */
export const panelsOf = (dashboard: Dashboard): Panel[] =>
  (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row')

/** Every ClickHouse query of every board: panels, variables, annotations. */
export function boardQueries(): BoardQuery[] {
  const found: BoardQuery[] = []
  for (const [board, dashboard] of boards()) {
    for (const panel of panelsOf(dashboard)) {
      for (const target of panel.targets ?? [])
        if (isClickHouse(target))
          found.push({ board, name: panel.title ?? '?', show: 'panel', type: panel.type, panel, target })
    }
    for (const variable of dashboard.templating?.list ?? [])
      if (isClickHouse(variable.query))
        found.push({
          board,
          name: `$${variable.name}`,
          show: 'variable',
          type: 'variable',
          target: variable.query,
        })
    for (const annotation of dashboard.annotations?.list ?? [])
      if (isClickHouse(annotation.target))
        found.push({
          board,
          name: annotation.name,
          show: 'annotation',
          type: 'annotation',
          target: annotation.target,
        })
  }
  return found
}
