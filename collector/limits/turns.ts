/** Work of one request that is waiting. */
export interface Turn {
  /** Whose turn it takes: a tenant's, or a network's. Called only when it has to wait. */
  name(): string
  readonly bytes: number
  work(): void
  /** Called instead of `work` when too much of the same name waits, or it waited too long. */
  refuse(): void
}

/**
 * Fair turns: decoding a body takes up to milliseconds, so what comes faster than it is decoded waits here by name, and
 * the names take turns by bytes. One name's flood makes only its own requests wait, and be refused.
 */
export interface Turns {
  take(turn: Turn): void
  /** Bytes that wait. */
  readonly waiting_bytes: number
  /** How long the oldest request that is not decoded has waited, ms. */
  age_ms(now_ms: number): number
}

export interface TurnsOptions {
  /** ms, monotonic. */
  readonly clock: () => number
  /** How long work may go on before the event loop is looked after, ms. */
  readonly slice_ms?: number
  /** Bytes of one name that may wait. */
  readonly most_bytes?: number
  /** How long a request may wait, ms. */
  readonly patience_ms?: number
  /** Runs the next slice after the event loop was looked after. */
  readonly later?: (run: () => void) => void
}

interface Waiting {
  readonly turn: Turn
  readonly since_ms: number
}

interface Line {
  readonly waiting: Waiting[]
  /** How many of `waiting` are done. */
  done: number
  bytes: number
  /** Bytes that it may still decode in this round. */
  credit_bytes: number
}

/** What a name decodes before the next one's turn. */
const QUANTUM_BYTES = 32_768
/** A body costs at least this much, however small. */
const LEAST_BYTES = 512

/** A bounded queue that serves its senders in turn; see `Turns`. */
export function createTurns(options: TurnsOptions): Turns {
  const { clock, slice_ms = 20, most_bytes = 4 << 20, patience_ms = 2_000 } = options
  const later = options.later ?? setImmediate
  const lines = new Map<string, Line>()
  let waiting_bytes = 0
  let spent_ms = 0
  let scheduled = false

  function timed(turn: Turn): void {
    const began = clock()
    turn.work()
    spent_ms += clock() - began
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    later(slice)
  }

  /** One slice: every name with waiting work in turn, until the time is spent. */
  function slice(): void {
    scheduled = false
    spent_ms = 0
    while (lines.size > 0 && spent_ms < slice_ms) {
      for (const [name, line] of lines) {
        line.credit_bytes += QUANTUM_BYTES
        serve(line)
        if (line.done === line.waiting.length) lines.delete(name)
        else if (spent_ms >= slice_ms) {
          // The next slice begins with the others.
          lines.delete(name)
          lines.set(name, line)
          break
        }
      }
    }
    if (lines.size > 0 || spent_ms > 0) schedule()
  }

  function serve(line: Line): void {
    while (line.done < line.waiting.length && spent_ms < slice_ms) {
      const { turn, since_ms } = line.waiting[line.done]!
      const cost = Math.max(LEAST_BYTES, turn.bytes)
      if (line.credit_bytes < cost && lines.size > 1) return
      line.credit_bytes = Math.max(0, line.credit_bytes - cost)
      line.done += 1
      line.bytes -= turn.bytes
      waiting_bytes -= turn.bytes
      if (line.done > 1_024 && line.done * 2 > line.waiting.length) {
        line.waiting.splice(0, line.done)
        line.done = 0
      }
      if (clock() - since_ms > patience_ms) turn.refuse()
      else timed(turn)
    }
  }

  return {
    take(turn) {
      if (lines.size === 0 && spent_ms < slice_ms) {
        timed(turn)
        // The spent time is forgotten when the event loop has been looked after.
        schedule()
        return
      }
      const name = turn.name()
      let line = lines.get(name)
      if (line === undefined) {
        line = { waiting: [], done: 0, bytes: 0, credit_bytes: 0 }
        lines.set(name, line)
      }
      if (line.bytes + turn.bytes > most_bytes) {
        turn.refuse()
        return
      }
      line.waiting.push({ turn, since_ms: clock() })
      line.bytes += turn.bytes
      waiting_bytes += turn.bytes
      schedule()
    },
    get waiting_bytes() {
      return waiting_bytes
    },
    age_ms(now_ms) {
      let oldest_ms = now_ms
      for (const { waiting, done } of lines.values())
        oldest_ms = Math.min(oldest_ms, waiting[done]?.since_ms ?? now_ms)
      return now_ms - oldest_ms
    },
  }
}
