import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Cells } from '../windows/view.ts'
import type { Observation } from './observation.ts'
import { threshold } from './tails.ts'

interface Level {
  readonly resource: string
  readonly node: string
  readonly load: boolean
  /** Seconds, level and capacity, newest last. */
  readonly points: { second: number; level: number; capacity: number }[]
  /** Speeds of earlier rounds, a second each: how fast it normally empties. */
  readonly speeds: { second: number; speed: number }[]
}

/** Speeds are compared with the last quarter of an hour. */
const PACE_S = 900
/** A load below this share of its capacity is not full soon, however fast a pulse lifts it. */
const HIGH_LOAD = 0.85
const FULL = 0.97
/** A stock that drains no faster than half again as fast as in the rounds before is a normal round. */
const FASTER = 1.5

/** Prize pools, gateways, channels: where a level is going. */
export class Levels {
  private readonly levels = new Map<string, Level>()

  /** Reads one second of the resource kind. `cells.sums`: level, capacity. */
  read(second: number, cells: Cells): void {
    const at = (name: string) => cells.dimensions.indexOf(name)
    const [resource, node, sense] = [at('resource'), at('node'), at('sense')]
    const text = (dimension: number, row: number) =>
      dimension < 0 ? '' : cells.values[dimension]![cells.codes[dimension]![row]!]!
    for (let row = 0; row < cells.rows; row += 1) {
      const [name, place] = [text(resource, row), text(node, row)]
      const key = `${name}\0${place}`
      let level = this.levels.get(key)
      if (level === undefined) {
        level = { resource: name, node: place, load: text(sense, row) === 'load', points: [], speeds: [] }
        this.levels.set(key, level)
      }
      const last = level.points.at(-1)
      const [amount, capacity] = [cells.sums[0]![row]!, cells.sums[1]![row]!]
      if (last?.second === second) {
        last.level += amount
        last.capacity += capacity
      } else level.points.push({ second, level: amount, capacity })
    }
  }

  /** What will be empty or full within the horizon. */
  judge(rule: Extract<RuleSpec, { type: 'forecast' }>, second: number, tainted: boolean): Observation[] {
    const found: Observation[] = []
    for (const [key, level] of this.levels) {
      while (level.points.length > 0 && level.points[0]!.second < second - 60) level.points.shift()
      while (level.speeds.length > 0 && level.speeds[0]!.second < second - PACE_S) level.speeds.shift()
      const newest = level.points.at(-1)
      if (newest === undefined) {
        if (level.speeds.length === 0) this.levels.delete(key)
        continue
      }
      if (newest.second < second - 10) continue
      const observation = level.load ? judgeLoad(level, rule, second) : judgeStock(level, rule, second)
      const speed = slope(level.points.filter(({ second: s }) => s > second - rule.window_s))
      if (!tainted && observation === undefined) level.speeds.push({ second, speed })
      if (observation === undefined) continue
      const alone =
        [...this.levels.values()].filter(({ resource }) => resource === level.resource).length === 1
      found.push({
        metric: 'resource_level',
        rule: 'forecast',
        severity: rule.severity,
        hop: 'interaction',
        scope:
          alone || level.node === ''
            ? { resource: level.resource }
            : { resource: level.resource, node: level.node },
        score: 2 * threshold(1),
        threshold: threshold(1),
        ...observation,
      })
    }
    return found
  }
}

type Forecast = Pick<Observation, 'now' | 'baseline' | 'firing' | 'onset_ms' | 'seconds_left' | 'note'>

/** Share of the capacity, or of the most that was seen when no capacity is told. */
const shares = (level: Level): number[] => {
  const most = Math.max(...level.points.map((point) => point.level), 1e-9)
  return level.points.map((point) => point.level / (point.capacity > 0 ? point.capacity : most))
}

function judgeStock(
  level: Level,
  rule: Extract<RuleSpec, { type: 'forecast' }>,
  second: number,
): Forecast | undefined {
  // The newest seconds tell a sudden drain sooner, the whole window a slow one; the sooner emptiness counts.
  let left = Number.POSITIVE_INFINITY
  let onset = second
  const share = shares(level).at(-1)!
  const usual = Math.min(
    0,
    ...level.speeds.filter(({ second: s }) => s < second - 5).map(({ speed }) => speed),
  )
  for (const window of [3, 6, rule.window_s]) {
    const points = level.points.filter(({ second: s }) => s >= second - window)
    if (points.length < Math.min(3, window)) continue
    const speed = slope(points)
    if (speed >= 0 || speed >= usual * FASTER) continue
    const seconds = filled(points.at(-1)!) / -speed
    if (seconds < left) {
      left = seconds
      onset = points[0]!.second + 1
    }
  }
  const empty = level.points.at(-1)!.level <= 0
  const falling = left <= rule.horizon_s
  // Nearly gone and still falling: no earlier round excuses that.
  const points = level.points.filter(({ second: s }) => s > second - 6)
  const speed = slope(points)
  const nearlyGone = share < 0.1 && speed < 0 && filled(points.at(-1)!) / -speed <= rule.horizon_s
  if (!falling && !nearlyGone && !(empty && level.points.length > 1)) return undefined
  if (nearlyGone && !falling) left = filled(points.at(-1)!) / -speed
  return {
    now: share,
    baseline: 1,
    firing: true,
    onset_ms: onset * 1000,
    seconds_left: empty ? 0 : left,
    note: 'stock',
  }
}

function judgeLoad(
  level: Level,
  rule: Extract<RuleSpec, { type: 'forecast' }>,
  second: number,
): Forecast | undefined {
  const all = shares(level)
  const share = all.at(-1)!
  const recent = level.points.filter(({ second: s }) => s > second - 4)
  const speed = slope(recent)
  const left = speed > 0 ? (1 - share) / speed : Number.POSITIVE_INFINITY
  const full = share >= FULL
  // One high second may be chance; two are a trend.
  const soon = share >= HIGH_LOAD && (all.at(-2) ?? 0) >= HIGH_LOAD && left <= rule.horizon_s
  if (!full && share < HIGH_LOAD) return undefined
  let onset = level.points.length - 1
  while (onset > 0 && all[onset - 1]! >= HIGH_LOAD * 0.9) onset -= 1
  return {
    now: share,
    baseline: all.slice().sort((a, b) => a - b)[all.length >> 1]!,
    firing: full || soon,
    onset_ms: level.points[onset]!.second * 1000,
    seconds_left: full ? 0 : left,
    note: 'load',
  }
}

type Point = Level['points'][number]

/**
 * The level as a share of its capacity, where that is reported: a gauge that was heard twice in a second (a beacon that was
 * late) has twice the level and twice the capacity, and is no drain in the second after.
 */
const filled = ({ level, capacity }: Point): number => (capacity > 0 ? level / capacity : level)

/** Median of the slopes between all pairs (Theil 1950, Sen 1968), share a second. 0 for fewer than two points. */
function slope(points: readonly Point[]): number {
  const slopes: number[] = []
  for (let a = 0; a < points.length; a += 1) {
    for (let b = a + 1; b < points.length; b += 1) {
      slopes.push((filled(points[b]!) - filled(points[a]!)) / (points[b]!.second - points[a]!.second))
    }
  }
  if (slopes.length === 0) return 0
  slopes.sort((a, b) => a - b)
  return slopes[slopes.length >> 1]!
}
