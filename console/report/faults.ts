import { groupIncidents } from '../incidentGroups.ts'
import type { ReportData } from './data.ts'
import { type OrdersLost, ordersLost } from './orders.ts'

/** One fault of an evening: incidents of one cause on any streams of the show. */
export interface Fault {
  readonly lead: ReportData['incidents'][number]
  readonly streams: readonly string[]
  readonly began_ms: number
  readonly opened_ms: number
  readonly ended_ms: number
  readonly open: boolean
  readonly viewers: number
  readonly viewer_minutes: number
  /** What it cost in orders; missing where none were booked, no viewer felt it, or too little is known. */
  readonly orders_lost?: OrdersLost
}

/** The incidents that may have cost orders: those that cost viewers something, not the push to a partner or a pool's books. */
export const felt = <Each extends { readonly viewer_minutes: number }>(incidents: readonly Each[]): Each[] =>
  incidents.filter(({ viewer_minutes }) => viewer_minutes > 0)

/** The faults of a show, the most costly first: one row each, however many streams it struck. */
export function faultsOf({ incidents, orders }: Pick<ReportData, 'incidents' | 'orders'>): Fault[] {
  return groupIncidents(incidents)
    .map(({ lead, incidents: all, streams, began_ms, open, viewers }) => ({
      lead,
      streams,
      began_ms,
      open,
      viewers,
      opened_ms: Math.min(...all.map(({ opened_ms }) => opened_ms)),
      ended_ms: Math.max(...all.map(({ ended_ms }) => ended_ms)),
      viewer_minutes: all.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0),
    }))
    .map((fault) => ({
      ...fault,
      orders_lost: fault.viewer_minutes > 0 ? ordersLost(orders, [fault], felt(incidents)) : undefined,
    }))
    .sort((a, b) => b.viewer_minutes - a.viewer_minutes || a.began_ms - b.began_ms)
}
