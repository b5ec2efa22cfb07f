import { ROLLUPS } from '../../schemas/rollups.ts'
import { metricSql } from '../../schemas/sql.ts'
import type { Rows } from './ask.ts'

/** What is needed of an incident to reckon what it cost. */
export interface Costed {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly metric: string
  readonly cause: Readonly<Record<string, string>>
  readonly baseline: number
  readonly viewers: number
  readonly began_ms: number
  readonly ended_ms: number
}

/** The rollups that know viewers by place, the finer one first. */
const SOURCES = ['heartbeat_10s', 'heartbeat_1m'] as const

/** How much of a step lies within a stretch of time, 0 to 1. */
const overlap = (at_ms: number, step_ms: number, from_ms: number, to_ms: number): number =>
  Math.max(0, Math.min(to_ms, at_ms + step_ms) - Math.max(from_ms, at_ms)) / step_ms

/**
 * Viewer-minutes that an incident cost: those whom its cause names, step by step, added up over its time; of an incident in which
 * viewers were lost, those who were missing. Where no rollup knows the cause's places it is the last count times the duration.
 */
export async function costOf(rows: Rows, incident: Costed): Promise<number> {
  const { tenant, show, stream, metric, cause, baseline, viewers, began_ms, ended_ms } = incident
  const places = Object.keys(cause)
  const lasted_minutes = (ended_ms - began_ms) / 60_000
  for (const source of SOURCES) {
    const { by, step_s } = ROLLUPS[source]
    if (!places.every((name) => (by as readonly string[]).includes(name))) continue
    const step_ms = step_s * 1000
    const conditions = places.map((name) => ` AND ${name} = {p_${name}:String}`).join('')
    const steps = await rows<{ at_ms: number; watching: number }>(
      `SELECT toFloat64(toUnixTimestamp(time)) * 1000 AS at_ms, ${metricSql('concurrent_plays', { over: 'rollup', window_ms: step_ms })} AS watching FROM ${source}
       WHERE tenant = {tenant:String} AND show = {show:String} AND ({stream:String} = '' OR stream = {stream:String}) AND NOT synthetic
         AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})${conditions} GROUP BY time`,
      {
        tenant,
        show,
        stream,
        from_ms: String(Math.floor(began_ms - step_ms)),
        to_ms: String(Math.ceil(ended_ms)),
        ...Object.fromEntries(places.map((name) => [`p_${name}`, cause[name]!])),
      },
    )
    if (steps.length === 0) continue
    const watched = steps.reduce(
      (sum, { at_ms, watching }) =>
        sum + watching * overlap(at_ms, step_ms, began_ms, ended_ms) * (step_ms / 60_000),
      0,
    )
    return metric === 'concurrent_plays' ? Math.max(0, baseline * lasted_minutes - watched) : watched
  }
  return viewers * lasted_minutes
}
