import type { Dashboard, DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Board } from './board.ts'
import { audience } from './boards/audience.ts'
import { hops } from './boards/hops.ts'
import { incidents } from './boards/incidents.ts'
import { interactions } from './boards/interactions.ts'
import { pipeline } from './boards/pipeline.ts'
import { probes } from './boards/probes.ts'
import { session } from './boards/session.ts'
import { show } from './boards/show.ts'
import { startup } from './boards/startup.ts'
import { stream } from './boards/stream.ts'
import { layOut } from './layout.ts'

const BUILDERS: Readonly<Record<Board, () => DashboardBuilder>> = {
  show,
  stream,
  hops,
  startup,
  interactions,
  probes,
  incidents,
  session,
  audience,
  pipeline,
}

/** Every board as Grafana's classic model; panels are numbered in their order. */
export function boards(): ReadonlyMap<Board, Dashboard> {
  return new Map(
    Object.entries(BUILDERS).map(([name, make]) => {
      const dashboard = make().build()
      layOut(dashboard.panels ?? [])
      for (const [index, panel] of (dashboard.panels ?? []).entries()) panel.id = index + 1
      return [name as Board, dashboard]
    }),
  )
}
