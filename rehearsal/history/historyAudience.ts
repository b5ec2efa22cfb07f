import { HEARTBEAT_MS } from '../../schemas/beacon.ts'
import { createRandom, type Random } from '../random.ts'
import { type Batch, RowWriter } from '../rows.ts'
import type { DimensionMap } from './dimensionMap.ts'
import type { History, HistoryCell } from './readHistory.ts'

export interface HistoryAudienceOptions {
  readonly history: History
  readonly map: Pick<DimensionMap, 'dimensions' | 'carry'>
  /** Mean of the exponential part of a stall, ms. */
  readonly stall_ms: number
  /** Larger audiences are thinned by chance to so many sessions in the fullest minute. */
  readonly viewers: number
  readonly seed: number
}

/** A history's viewers as sessions that beat, second by second. */
export interface HistoryAudience {
  /** Epoch seconds: the first second, and the end. */
  readonly from_s: number
  readonly to_s: number
  /** Sessions played for one viewer of the history: 1, or less where the audience was thinned. */
  readonly share: number
  /** Heartbeats of one second, in the order of time. Seconds must be asked for one after the other. */
  second(second_s: number): Batch | undefined
}

/** Where a history is played. */
export const HISTORY_STREAM = { tenant: 'history', show: 'history', stream: 'main' } as const

const MINUTE_S = 60
/** A stall begins in the first so many ms of its minute, so that its end is told in the same minute. */
const STALL_WITHIN_MS = 55_000
const LEAST_STALL_MS = 500
const MOST_STALL_MS = 4_500
/** Minutes that the file leaves out are played like the one before them, up to so many. */
const MOST_MISSING = 10

interface Session {
  readonly id: string
  readonly cell: number
  /** When it beats, ms after a full ten seconds. */
  readonly phase_ms: number
  seq: number
  last_ms: number
  /** The stall of this minute: begin and end, epoch ms; 0 is none. */
  stall_from_ms: number
  stall_to_ms: number
  leaving: boolean
}

/** Number of `draws` without replacement that hit, when `hits` of `all` would. */
function drawn(random: Random, draws: number, hits: number, all: number): number {
  let [found, left] = [0, hits]
  for (let each = 0; each < draws; each += 1) {
    if (random.next() * (all - each) < left) {
      found += 1
      left -= 1
    }
  }
  return found
}

/**
 * Plays a history: `count` sessions of a cell last from minute to minute and beat every ten seconds at a phase of their own;
 * `value` of them, by chance, stall once at a random moment of the minute, for half a second and an exponential time, and beat
 * at once when the stall begins and when it ends. The same seed gives the same beats.
 */
export function createHistoryAudience({
  history,
  map,
  stall_ms,
  viewers,
  seed,
}: HistoryAudienceOptions): HistoryAudience {
  const random = createRandom(seed)
  const writer = new RowWriter('heartbeat', {
    weight: 1,
    ...HISTORY_STREAM,
    source: 'sdk',
  })
  const column = (name: string) => writer.column(name)
  const columns = {
    ...{ session: column('session'), seq: column('seq'), received: column('received_time') },
    ...{ event: column('event_time'), interval: column('interval_ms'), played: column('played_ms') },
    ...{ stalled: column('stalled_ms'), stalls: column('stall_count'), reason: column('reason') },
    state: column('state'),
  }
  const dimensions = map.dimensions.map(column)
  const labels = history.combinations.map((values) => values.map(map.carry))
  const { minutes } = history
  const fullest = Math.max(1, ...minutes.map(({ cells }) => cells.reduce((sum, { count }) => sum + count, 0)))
  const share = Math.min(1, viewers / fullest)
  /** By cell: viewers of the history, and those of them that are played. */
  const counts = new Float64Array(labels.length)
  const playing: Session[][] = labels.map(() => [])
  const from_s = minutes[0]!.start_s
  const to_s = minutes.at(-1)!.start_s + MINUTE_S
  let number = 0
  let next = 0
  /** Sessions by the second of their minute in which something is due, as slots of ten seconds by phase. */
  const byPhase: Session[][] = Array.from({ length: HEARTBEAT_MS / 1000 }, () => [])
  const stalls: Session[][] = Array.from({ length: MINUTE_S }, () => [])

  const join = (cell: number, at_ms: number) => {
    const phase_ms = Math.floor(random.next() * HEARTBEAT_MS)
    const session: Session = {
      ...{ id: `${cell}-${number}`, cell, phase_ms, seq: 0, last_ms: at_ms },
      ...{ stall_from_ms: 0, stall_to_ms: 0, leaving: false },
    }
    number += 1
    playing[cell]!.push(session)
    byPhase[Math.floor(phase_ms / 1000)]!.push(session)
  }

  function resize(cell: number, count: number, start_ms: number): void {
    const before = counts[cell]!
    const own = playing[cell]!
    counts[cell] = count
    if (count > before) {
      const first = start_ms === from_s * 1000
      for (let each = before; each < count; each += 1) {
        // At the beginning everybody has played before: the first beat covers a whole interval.
        if (share >= 1 || random.chance(share)) join(cell, first ? start_ms - HEARTBEAT_MS : start_ms)
      }
      return
    }
    const gone = drawn(random, before - count, own.length, before)
    for (let each = 0; each < gone; each += 1) {
      const [session] = own.splice(Math.floor(random.next() * own.length), 1)
      session!.leaving = true
    }
  }

  function stall({ cell, value, count }: HistoryCell, start_ms: number): void {
    const own = playing[cell]!
    const wanted = Math.min(own.length, drawn(random, value, own.length, count))
    for (let each = 0; each < wanted; each += 1) {
      const other = each + Math.floor(random.next() * (own.length - each))
      const session = own[other]!
      own[other] = own[each]!
      own[each] = session
      session.stall_from_ms = start_ms + Math.floor(random.next() * STALL_WITHIN_MS)
      const length = LEAST_STALL_MS + random.waiting(stall_ms)
      session.stall_to_ms = session.stall_from_ms + Math.round(Math.min(length, MOST_STALL_MS))
      const [from, to] = [session.stall_from_ms, session.stall_to_ms].map((at) =>
        Math.floor((at - start_ms) / 1000),
      ) as [number, number]
      stalls[from]!.push(session)
      if (to !== from) stalls[to]!.push(session)
    }
  }

  /** Begins a minute: who comes, who goes, who will stall. */
  function begin(start_s: number): void {
    while (next + 1 < minutes.length && minutes[next + 1]!.start_s <= start_s) next += 1
    const minute = minutes[next]!
    const known = start_s - minute.start_s <= MOST_MISSING * MINUTE_S
    const present = known ? minute.cells : []
    const here = new Map(present.map((cell) => [cell.cell, cell]))
    for (let cell = 0; cell < labels.length; cell += 1)
      resize(cell, here.get(cell)?.count ?? 0, start_s * 1000)
    for (const cell of present) if (cell.value > 0) stall(cell, start_s * 1000)
  }

  function beat(session: Session, now_ms: number, reason: string, state: string): void {
    const { stall_from_ms, stall_to_ms, last_ms } = session
    const interval = Math.max(0, now_ms - last_ms)
    const stalled = Math.max(0, Math.min(now_ms, stall_to_ms) - Math.max(last_ms, stall_from_ms))
    session.seq += 1
    session.last_ms = now_ms
    const c = columns
    writer.set(c.session, session.id)
    writer.set(c.seq, session.seq)
    writer.set(c.received, now_ms)
    writer.set(c.event, now_ms)
    writer.set(c.interval, interval)
    writer.set(c.played, interval - stalled)
    writer.set(c.stalled, stalled)
    writer.set(c.stalls, reason === 'stall_start' ? 1 : 0)
    writer.set(c.reason, reason)
    writer.set(c.state, state)
    const own = labels[session.cell]!
    for (let at = 0; at < own.length; at += 1) writer.set(dimensions[at]!, own[at]!)
    writer.end()
  }

  return {
    from_s,
    to_s,
    share,
    second(second_s) {
      const second = (second_s - from_s) % MINUTE_S
      if (second === 0) begin(second_s)
      const [from_ms, to_ms] = [second_s * 1000, (second_s + 1) * 1000]
      const due: { at_ms: number; session: Session; what: 'interval' | 'stall_start' | 'stall_end' }[] = []
      const slot = byPhase[second_s % byPhase.length]!
      for (const session of slot)
        due.push({ at_ms: from_ms + (session.phase_ms % 1000), session, what: 'interval' })
      for (const session of stalls[second]!) {
        for (const [what, at_ms] of [
          ['stall_start', session.stall_from_ms],
          ['stall_end', session.stall_to_ms],
        ] as const)
          if (at_ms >= from_ms && at_ms < to_ms) due.push({ at_ms, session, what })
      }
      stalls[second] = []
      due.sort((a, b) => a.at_ms - b.at_ms)
      let gone = false
      for (const { at_ms, session, what } of due) {
        const stalled = at_ms >= session.stall_from_ms && at_ms < session.stall_to_ms
        if (what === 'interval' && session.leaving) {
          beat(session, at_ms, 'end', 'ended')
          gone = true
        } else beat(session, at_ms, what, stalled ? 'stalled' : 'playing')
      }
      if (gone) byPhase[second_s % byPhase.length] = slot.filter(({ leaving }) => !leaving)
      return writer.take('heartbeat')
    },
  }
}
