import type { Kind } from '../../../schemas/kinds/kinds.ts'
import type { KindSlices, StreamView } from '../windows/view.ts'
import { Checks } from './checks.ts'
import { Farewells } from './farewells.ts'
import { BLOCK_S, FINE_S, LaneMemory } from './laneMemory.ts'
import { Levels } from './levels.ts'
import { POOL_MEASURES, Pools } from './pools.ts'
import { LANES, measuresOfLane } from './signals.ts'
import { UnusualMemory } from './unusual.ts'

/** The last seconds are kept out of the baseline, so that a trouble not yet noticed does not become normal. */
const GUARD_S = 10
/** How far back a baseline is filled when a stream is first seen. */
const BACK_S = 360

/** Whether the time from … to (s since 1970) must stay out of a lane’s baseline: an incident or a maintenance was on. */
export type Tainted = (lane: string, from_s: number, to_s: number) => boolean

const LANES_OF_KIND = new Map<Kind, string[]>()
for (const lane of LANES) {
  const kind = lane.split(':')[0] as Kind
  LANES_OF_KIND.set(kind, [...(LANES_OF_KIND.get(kind) ?? []), lane])
}

/**
 * What the judge remembers of a stream. All of it follows from the view, so that a restarted judge fills it again.
 */
export class StreamMemory {
  readonly lanes = new Map<string, LaneMemory>()
  readonly farewells = new Farewells()
  readonly levels = new Levels()
  readonly pools = new Pools()
  readonly checks = new Checks()
  readonly unusual = new UnusualMemory()
  /** The next second to be read, since the epoch. */
  next_s = 0

  /** Reads the seconds up to the view's watermark. */
  advance(view: StreamView, tainted: Tainted): void {
    const to = Math.floor(view.watermark_ms / 1000)
    if (this.next_s === 0 || to - this.next_s > FINE_S) {
      const first = Math.floor(view.first_ms / 1000)
      const fine = Math.floor((to - FINE_S) / BLOCK_S) * BLOCK_S
      const from = Math.max(Math.ceil(first / BLOCK_S) * BLOCK_S, fine - BACK_S, this.next_s)
      for (let block = from; block < fine; block += BLOCK_S) {
        this.read(view, block, BLOCK_S)
        for (const [name, lane] of this.lanes) if (!tainted(name, block, block + BLOCK_S)) lane.settle(block)
      }
      this.next_s = Math.max(fine, Math.min(to, first), this.next_s)
    }
    for (; this.next_s < to; this.next_s += 1) {
      this.read(view, this.next_s, 1)
      const block = this.next_s + 1 - GUARD_S - BLOCK_S
      if (block % BLOCK_S !== 0) continue
      const { ended, recovering } = this.farewells.at((this.next_s + 1) * 1000)
      if (ended || recovering) continue
      for (const [name, lane] of this.lanes) {
        if (lane.first_ms / 1000 <= block && !tainted(name, block, block + BLOCK_S)) lane.settle(block)
      }
    }
  }

  private read(view: StreamView, second: number, seconds: number): void {
    for (const lane of this.lanes.values()) {
      for (let s = second; s < second + seconds; s += 1) lane.open(s)
    }
    const [from, to] = [second * 1000, (second + seconds) * 1000]
    for (const [kind, lanes] of LANES_OF_KIND) {
      const part = view.slices(kind, from, to)
      if (kind === 'hop' && part.slices.length > 0) this.farewells.read(from, part)
      for (const slice of part.slices) {
        if (kind !== 'hop') for (const lane of lanes) this.lane(lane, second)?.add(second, part, slice)
        else
          for (const [hop, rows] of rowsByHop(part, slice))
            this.lane(`hop:${hop}`, second)?.add(second, part, slice, rows)
      }
    }
    const levels = view.cells(['resource_level_sum', 'resource_capacity_sum'], from, to)
    if (levels.rows > 0 && seconds === 1) this.levels.read(second, levels)
    const pools = view.cells(POOL_MEASURES, from, to)
    if (pools.rows > 0) this.pools.read(second + seconds - 1, pools)
    const checks = view.cells(['probes_failed_count', 'probes_count'], from, to)
    if (checks.rows > 0) this.checks.read(second, checks)
  }

  private lane(name: string, second: number): LaneMemory | undefined {
    const known = this.lanes.get(name)
    if (known !== undefined) return known
    if (!LANES.includes(name)) return undefined
    const lane = new LaneMemory(measuresOfLane(name), second * 1000)
    this.lanes.set(name, lane)
    return lane
  }
}

function rowsByHop(
  { table }: KindSlices,
  { cells, rows }: KindSlices['slices'][number],
): Map<string, number[]> {
  const dimension = table.dimensions.indexOf('hop')
  const found = new Map<string, number[]>()
  for (let row = 0; row < rows; row += 1) {
    const hop = table.values[dimension]![table.codeAt(cells[row]!, dimension)]!
    const own = found.get(hop)
    if (own) own.push(row)
    else found.set(hop, [row])
  }
  return found
}
