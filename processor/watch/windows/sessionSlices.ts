/** Length of a slice within which a session counts once, ms: the time in which every playing session beats. */
export const SESSION_SLICE_MS = 10_000
/** Slices back from a session's newest one that are still known exactly. */
const KNOWN = 6
const FLAGS = 2
const WIDTH = 2 ** (KNOWN * FLAGS)
const SWEEP_MS = 60_000

/**
 * Tells which facts about a session are new in its slice of ten seconds, so that distinct sessions can be counted by adding:
 * a session lives in one partition, so the sums of all partitions are exact. Rows may come in any order within a minute.
 */
export class SessionSlices {
  /** Newest slice × WIDTH + flags of it (lowest bits) and of those before it. */
  private readonly sessions = new Map<string, number>()
  private swept_ms = 0

  get size(): number {
    return this.sessions.size
  }

  /** Notes flags (bits) of a session at a time; answers those that its slice did not have yet. */
  note(session: string, time_ms: number, flags: number): number {
    const slice = Math.floor(time_ms / SESSION_SLICE_MS)
    const known = this.sessions.get(session)
    if (known === undefined) {
      this.sessions.set(session, slice * WIDTH + flags)
      return flags
    }
    let newest = Math.floor(known / WIDTH)
    let mask = known - newest * WIDTH
    const ahead = slice - newest
    if (ahead > 0) {
      mask = ahead >= KNOWN ? 0 : (mask << (ahead * FLAGS)) & (WIDTH - 1)
      newest = slice
    } else if (-ahead >= KNOWN) return flags
    const shift = ahead > 0 ? 0 : -ahead * FLAGS
    const fresh = flags & ~(mask >> shift)
    if (fresh !== 0 || ahead > 0) this.sessions.set(session, newest * WIDTH + (mask | (flags << shift)))
    return fresh
  }

  /** Forgets sessions that were not heard for a minute; once a minute. */
  sweep(now_ms: number): void {
    if (now_ms - this.swept_ms < SWEEP_MS) return
    this.swept_ms = now_ms
    const oldest = Math.floor(now_ms / SESSION_SLICE_MS) - KNOWN
    for (const [session, known] of this.sessions)
      if (Math.floor(known / WIDTH) < oldest) this.sessions.delete(session)
  }
}
