import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'

/** A wall clock that departs from the monotonic one by more than this has jumped, ms. */
const JUMP_MS = 2_000
/** A jump that lasts this long is followed, ms … */
const SETTLE_MS = 30_000
/** … and one of more than a day only after this: a wrong clock is likelier. */
const SETTLE_FAR_MS = 3_600_000
const FAR_MS = 24 * 3_600_000
/** After a jump was followed, the clock is held to be unsure for so long. */
const UNSURE_MS = 300_000
/** A start that is so much later than the last known time is doubted, ms. */
const DOWN_MOST_MS = 30 * 24 * 3_600_000
/** A clock is confirmed by a start so soon after the last known time, or by this long without a jump. */
const CONFIRMED_MS = 2 * 24 * 3_600_000
const STEADY_MS = 24 * 3_600_000
/** Another machine's time agrees within this, ms: its answer takes time, too. */
const WITNESS_MS = 5_000
/** The last known time is written this often. */
const KEEP_EVERY_MS = 10_000

export interface ClockSources {
  /** ms since the epoch, by the system. */
  readonly wall: () => number
  /** ms that never jump; they may stop while the machine sleeps. */
  readonly monotonic: () => number
  /** ms since the machine started, with the time it slept; `undefined` where the system does not tell. */
  readonly awake: () => number | undefined
  /** The last time that was known to be right, ms since the epoch, from before this start. */
  readonly known_ms: number | undefined
}

export interface HouseClock {
  /** ms since the epoch: goes on by the monotonic clock while the wall clock has jumped. Falls only when a jump back is followed. */
  readonly now: () => number
  /** Why the time is not sure now, in words, or undefined. */
  problem(): string | undefined
  /** Whether data may be dropped because of its age: not on the word of this one clock. */
  confirmed(): boolean
  /** A time that is right as far as is known: what `known_ms` of the next start should be. */
  known_ms(): number
  /**
   * Another machine's time was read. When it agrees with the wall clock after a jump, the jump is followed at once; when
   * it agrees with neither, nothing changes.
   * @param name who says so, for the message
   */
  witness(name: string, time_ms: number): void
}

interface Jump {
  readonly by_ms: number
  readonly since: number
  /** The jump was there when the process started. */
  readonly atStart: boolean
}

/**
 * The one clock of a process. It follows the wall clock as long as that moves like the monotonic clock. When the wall
 * clock jumps, time goes on by the monotonic clock until the wall clock is back, or until the jump has lasted: so what is
 * received never runs ahead for longer than a jump lasts. A wall clock that comes back to the time before a jump that
 * was followed is followed at once.
 */
export function createHouseClock(sources: ClockSources): HouseClock {
  const { wall, monotonic, awake, known_ms } = sources
  /** The line that is followed: wall time of monotonic 0. */
  let base = wall() - monotonic()
  /** The line before a jump that was followed. */
  let earlier: number | undefined
  /** When a jump was followed that nothing has confirmed, by the monotonic clock. */
  let unsureSince: number | undefined
  let steadySince = monotonic()
  let jump: Jump | undefined
  /** The start did not fit the last known time, and no later wall clock did. */
  let startDoubted = false
  let sleep_ms = (awake() ?? 0) - monotonic()
  let last_ms = Number.NEGATIVE_INFINITY
  let disagreement: string | undefined
  const down_ms = known_ms === undefined ? undefined : wall() - known_ms
  const confirmedByStart = down_ms !== undefined && down_ms >= -JUMP_MS && down_ms <= CONFIRMED_MS
  if (known_ms !== undefined && (down_ms! < -JUMP_MS || down_ms! > DOWN_MOST_MS)) {
    startDoubted = true
    base = known_ms - monotonic()
    jump = { by_ms: down_ms!, since: monotonic(), atStart: true }
  }

  function follow(line: number, at: number, sure: boolean): void {
    earlier = sure ? undefined : base
    unsureSince = sure ? undefined : at
    if (sure) startDoubted = false
    base = line
    jump = undefined
    steadySince = at
    last_ms = Number.NEGATIVE_INFINITY
  }

  /** A machine that slept has a later wall clock, and its monotonic clock stood still: no jump. */
  function sleptUntil(line: number, at: number): boolean {
    const now_ms = awake()
    const slept_ms = now_ms === undefined ? 0 : now_ms - at - sleep_ms
    if (slept_ms <= JUMP_MS || Math.abs(line - base - slept_ms) > JUMP_MS) return false
    sleep_ms += slept_ms
    if (earlier !== undefined) earlier += slept_ms
    base = line
    return true
  }

  function whileJumped(line: number, at: number): void {
    const by_ms = line - base
    if (jump === undefined || Math.abs(by_ms - jump.by_ms) > JUMP_MS)
      jump = { by_ms, since: at, atStart: false }
    // After a doubted start the wall clock has come to where some time without a process leads.
    const mended = startDoubted && !jump.atStart && line + at >= known_ms! && by_ms <= DOWN_MOST_MS
    const settle_ms = Math.abs(by_ms) > FAR_MS ? SETTLE_FAR_MS : SETTLE_MS
    if (mended) follow(line, at, true)
    else if (at - jump.since >= settle_ms) follow(line, at, false)
  }

  function now(): number {
    const at = monotonic()
    const line = wall() - at
    if (Math.abs(line - base) <= JUMP_MS) {
      if (jump !== undefined) steadySince = at
      jump = undefined
      base = line
    } else if (earlier !== undefined && Math.abs(line - earlier) <= JUMP_MS) follow(line, at, true)
    else if (!sleptUntil(line, at)) whileJumped(line, at)
    // The wall clock's small corrections do not turn time back.
    last_ms = Math.max(last_ms, base + at)
    return last_ms
  }

  return {
    now,
    problem() {
      now()
      const at = monotonic()
      if (jump?.atStart)
        return `the clock differs by ${signed(jump.by_ms)} from the last time known to this data folder: set the clock, or confirm it with \`firstframe doctor --confirm-clock\` and start again`
      if (jump !== undefined)
        return `the clock jumped by ${signed(jump.by_ms)} ${Math.round((at - jump.since) / 1_000)} s ago: time goes on without it until it is back or the jump has lasted`
      if (unsureSince !== undefined && at - unsureSince < UNSURE_MS)
        return `the clock was set by ${signed(base - earlier!)} ${Math.round((at - unsureSince) / 1_000)} s ago, and nothing confirms it yet`
      return disagreement
    },
    confirmed() {
      if (jump !== undefined || startDoubted) return false
      const at = monotonic()
      return (confirmedByStart && unsureSince === undefined) || at - steadySince >= STEADY_MS
    },
    known_ms() {
      const time_ms = now()
      const at = monotonic()
      return unsureSince !== undefined && at - unsureSince < UNSURE_MS ? earlier! + at : time_ms
    },
    witness(name, time_ms) {
      const time = now()
      const at = monotonic()
      const line = wall() - at
      disagreement = undefined
      if (Math.abs(time_ms - time) <= WITNESS_MS) {
        unsureSince = undefined
        earlier = undefined
      } else if (jump !== undefined && Math.abs(time_ms - (line + at)) <= WITNESS_MS) follow(line, at, true)
      else
        disagreement = `the clock of ${name} differs by ${signed(time_ms - time)}: set the one of the two that is wrong`
    },
  }
}

const signed = (ms: number): string => `${ms > 0 ? '+' : ''}${Math.round(ms / 1_000)} s`

/** The clock of a data folder: the file `clock` in it holds the last known time. */
export interface FolderClock extends HouseClock {
  /** Stops writing the file. */
  close(): void
}

const FILE = 'clock'

/** The last time that was known to be right, or undefined. */
export function readKnownTime(folder: string): number | undefined {
  try {
    const time_ms = Number(readFileSync(join(folder, FILE), 'utf8').trim())
    return Number.isFinite(time_ms) && time_ms > 0 ? time_ms : undefined
  } catch {
    return undefined
  }
}

/** Says that this time is right: what a start is compared with. */
export function writeKnownTime(folder: string, time_ms: number): void {
  const path = join(folder, FILE)
  const file = openSync(`${path}.new`, 'w')
  try {
    writeSync(file, `${Math.round(time_ms)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
}

/** The clock of a data folder: it knows the last right time of the run before. */
export function openFolderClock(folder: string): FolderClock {
  const clock = createHouseClock({
    wall: Date.now,
    monotonic: () => performance.now(),
    awake: () => (process.platform === 'linux' ? uptime() * 1_000 : undefined),
    known_ms: readKnownTime(folder),
  })
  const keep = (): void => {
    try {
      writeKnownTime(folder, clock.known_ms())
    } catch {
      // A full disk: the next turn tries again, and an older time does no harm.
    }
  }
  keep()
  const timer = setInterval(keep, KEEP_EVERY_MS)
  timer.unref()
  return {
    ...clock,
    close() {
      clearInterval(timer)
      keep()
    },
  }
}
