import type { Kind } from './kinds/kinds.ts'
import { MEASURES, type Measure, measuresOfKind } from './measures.ts'

export interface RollupSpec {
  readonly kind: Kind
  /** The clock its windows are cut by. */
  readonly clock: 'received_time' | 'event_time'
  readonly step_s: number
  /** Dimensions and fields kept apart, in the order of the primary key (after tenant, show, stream and the time). */
  readonly by: readonly string[]
  readonly measures: readonly Measure[]
  /**
   * A rollup of the same kind and clock whose rows fill this one, instead of the raw rows: the engine then evaluates the measures
   * once an insert. It keeps at least the dimensions and measures of this one, and its step divides this one's.
   */
  readonly from?: string
  /** A second kind that fills further columns of the same rows. */
  readonly also?: { readonly kind: Kind; readonly measures: readonly Measure[] }
  /** Makes this a view over these rollups that stores nothing. A dimension of `by` that a rollup lacks is empty there. */
  readonly over?: readonly string[]
  readonly retention_days: number
}

/** Every measure that a rollup keeps. */
export const keptBy = ({ measures, also }: RollupSpec): readonly Measure[] => [
  ...measures,
  ...(also?.measures ?? []),
]

const without = (kind: Kind, ...aggregates: string[]): Measure[] =>
  measuresOfKind(kind).filter((name) => !aggregates.includes(MEASURES[name].aggregate))

/** Measures of a kind that are plain numbers. */
const added = (kind: Kind): Measure[] => without(kind, 'unique', 'histogram')

/** What interactions are told apart by, in both steps. */
const INTERACTION = [
  'app',
  'action',
  'round',
  'channel',
  'topic',
  'container',
  'component',
  'component_version',
] as const

const VIEWER_10S = ['app', 'cdn', 'isp', 'region', 'delivery', 'synthetic', 'source'] as const
const VIEWER_1M = [
  'app',
  'cdn',
  'isp',
  'country',
  'region',
  'device',
  'os',
  'container',
  'component',
  'component_version',
  'player',
  'player_version',
  'protocol',
  'codec',
  'rendition',
  'synthetic',
  'source',
] as const

/**
 * Rollups, filled by materialized views in the moment rows are inserted. `_10s` counts by the collector's clock (live pages,
 * alerts), `_1m` and `_5m` by the session's clock (reports). Boards draw long lines, and quantiles, from `heartbeat_stream_10s`, which
 * keeps few dimensions apart; people are counted once from `audience_5m`, whose states are few. `heartbeat_10s` answers for networks and regions.
 * What is made of several kinds (the experience score) is read from the view `experience_1m`.
 */
export const ROLLUPS = {
  heartbeat_10s: {
    kind: 'heartbeat',
    clock: 'received_time',
    step_s: 10,
    by: VIEWER_10S,
    measures: measuresOfKind('heartbeat'),
    retention_days: 30,
  },
  heartbeat_1m: {
    kind: 'heartbeat',
    clock: 'event_time',
    step_s: 60,
    by: VIEWER_1M,
    measures: measuresOfKind('heartbeat'),
    retention_days: 400,
  },
  heartbeat_stream_10s: {
    kind: 'heartbeat',
    clock: 'received_time',
    step_s: 10,
    by: ['app', 'cdn', 'synthetic'],
    measures: without('heartbeat', 'unique'),
    from: 'heartbeat_10s',
    retention_days: 60,
  },
  audience_5m: {
    kind: 'heartbeat',
    clock: 'event_time',
    step_s: 300,
    by: ['app', 'codec', 'synthetic'],
    measures: measuresOfKind('heartbeat'),
    from: 'heartbeat_1m',
    also: { kind: 'interaction', measures: ['participants_uniq'] },
    retention_days: 400,
  },
  startup_10s: {
    kind: 'startup',
    clock: 'received_time',
    step_s: 10,
    by: VIEWER_10S,
    measures: measuresOfKind('startup'),
    retention_days: 30,
  },
  startup_1m: {
    kind: 'startup',
    clock: 'event_time',
    step_s: 60,
    by: VIEWER_1M,
    measures: measuresOfKind('startup'),
    retention_days: 400,
  },
  interaction_10s: {
    kind: 'interaction',
    clock: 'received_time',
    step_s: 10,
    by: [...INTERACTION, 'synthetic', 'source'],
    measures: measuresOfKind('interaction'),
    retention_days: 30,
  },
  interaction_1m: {
    kind: 'interaction',
    clock: 'event_time',
    step_s: 60,
    by: [...INTERACTION, 'country', 'isp', 'synthetic', 'source'],
    measures: measuresOfKind('interaction'),
    retention_days: 400,
  },
  hop_10s: {
    kind: 'hop',
    clock: 'received_time',
    step_s: 10,
    by: ['hop', 'node', 'cdn', 'edge', 'synthetic', 'source'],
    measures: without('hop'),
    retention_days: 30,
  },
  cohost_10s: {
    kind: 'cohost',
    clock: 'received_time',
    step_s: 10,
    by: ['app', 'peer', 'synthetic', 'source'],
    measures: without('cohost'),
    retention_days: 30,
  },
  cue_10s: {
    kind: 'cue',
    clock: 'received_time',
    step_s: 10,
    by: ['app', 'round', 'stage', 'synthetic', 'source'],
    measures: without('cue'),
    retention_days: 30,
  },
  probe_10s: {
    kind: 'probe',
    clock: 'received_time',
    step_s: 10,
    by: ['target', 'region', 'verdict', 'stage', 'reason', 'synthetic', 'source'],
    measures: without('probe'),
    retention_days: 30,
  },
  resource_10s: {
    kind: 'resource',
    clock: 'received_time',
    step_s: 10,
    by: ['resource', 'node', 'round', 'synthetic', 'source'],
    measures: without('resource'),
    retention_days: 30,
  },
  ledger_10s: {
    kind: 'ledger',
    clock: 'event_time',
    step_s: 10,
    by: ['app', 'round', 'pool', 'tier', 'currency', 'synthetic', 'source'],
    measures: without('ledger'),
    retention_days: 400,
  },
  // Last: a view is made after what it reads.
  experience_1m: {
    kind: 'heartbeat',
    clock: 'event_time',
    step_s: 60,
    by: VIEWER_1M,
    measures: [...added('heartbeat'), ...added('startup'), ...added('interaction')],
    over: ['heartbeat_1m', 'startup_1m', 'interaction_1m'],
    retention_days: 400,
  },
} as const satisfies Readonly<Record<string, RollupSpec>>

export type Rollup = keyof typeof ROLLUPS
export const ROLLUP_NAMES = Object.keys(ROLLUPS) as Rollup[]
/** Whether a rollup is a view over others: nothing of its own is stored. */
export const isView = (name: Rollup): boolean => 'over' in ROLLUPS[name]
