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
  /** What it cost in orders; missing where none were booked, or too little is known. */
  readonly orders_lost?: OrdersLost
}

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
    .map((fault) => ({ ...fault, orders_lost: ordersLost(orders, [fault], incidents) }))
    .sort((a, b) => b.viewer_minutes - a.viewer_minutes || a.began_ms - b.began_ms)
}
