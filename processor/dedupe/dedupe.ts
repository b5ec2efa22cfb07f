import type { ReadBatch } from '../../schemas/arrow/reader.ts'

/** How long a session's numbers are remembered after it was heard last; older retries are refused by the collector. */
export const HORIZON_MS = 30 * 60_000

/** Columns the step reads. */
export const DEDUPE_COLUMNS = ['tenant', 'session', 'seq', 'source', 'received_time'] as const

/** A number so far from a session's others starts its bitmap anew, so that nobody can make it large. */
const WIDEST = 1 << 16

interface Session {
  /** The number that bit 0 stands for; a multiple of 32. */
  base: number
  bits: Int32Array
  heard_ms: number
  /** The SDK reports this playback, so what a player says by CMCD is kept for comparison and counts nothing. */
  sdk: boolean
}

export interface DedupeVerdict {
  /** Rows with a 1 are repeats. Undefined: none is. */
  readonly repeats: Uint8Array | undefined
  /** Rows with a 1 say by CMCD what the SDK says already: they are stored with weight 0. Undefined: none is. */
  readonly muted: Uint8Array | undefined
  readonly repeated: number
}

const CLEAN: DedupeVerdict = { repeats: undefined, muted: undefined, repeated: 0 }

/**
 * The one dedupe step of writer and watcher, one instance a topic and partition: a bitmap of the numbers seen, by session.
 * Rows with `seq` 0 are never repeats. Feeding the same batches in the same order gives the same verdicts,
 * so it is rebuilt by replaying the log's last HORIZON_MS.
 */
export class Dedupe {
  private readonly sessions = new Map<string, Session>()
  private swept_ms = 0

  get size(): number {
    return this.sessions.size
  }

  check(batch: ReadBatch): DedupeVerdict {
    const { rows } = batch
    if (rows === 0) return CLEAN
    const tenant = batch.label('tenant')
    const session = batch.text('session')
    const source = batch.label('source')
    const seq = batch.number('seq').values
    const received = batch.number('received_time').values
    const sdkCode = source.values.indexOf('sdk')
    const cmcdCode = source.values.indexOf('cmcd')
    let repeats: Uint8Array | undefined
    let muted: Uint8Array | undefined
    let repeated = 0
    for (let row = 0; row < rows; row += 1) {
      const id = session.at(row)
      const number = seq[row]!
      if (id === '') continue
      // A player's numbers and the SDK's for the same playback are two sequences.
      const own = source.codes[row]!
      const key = `${tenant.codes[row] === 0 ? tenant.values[0] : tenant.at(row)}\0${id}`
      if (own === sdkCode || own === cmcdCode) {
        const playback = this.session(key, received[row]!)
        if (own === sdkCode) playback.sdk = true
        else if (playback.sdk) (muted ??= new Uint8Array(rows))[row] = 1
      }
      if (number === 0) continue
      const state = this.session(own === sdkCode ? key : `${key}\0${source.at(row)}`, received[row]!)
      if (seen(state, number)) {
        ;(repeats ??= new Uint8Array(rows))[row] = 1
        repeated += 1
      }
    }
    this.sweep(received[rows - 1]!)
    return repeats === undefined && muted === undefined ? CLEAN : { repeats, muted, repeated }
  }

  private session(key: string, now_ms: number): Session {
    let state = this.sessions.get(key)
    if (state === undefined) {
      state = { base: -1, bits: new Int32Array(2), heard_ms: now_ms, sdk: false }
      this.sessions.set(key, state)
    } else if (now_ms > state.heard_ms) state.heard_ms = now_ms
    return state
  }

  private sweep(now_ms: number): void {
    if (now_ms - this.swept_ms < HORIZON_MS / 10) return
    this.swept_ms = now_ms
    for (const [key, { heard_ms }] of this.sessions)
      if (heard_ms < now_ms - HORIZON_MS) this.sessions.delete(key)
  }
}

/** Whether the number was seen before; notes it. */
function seen(state: Session, number: number): boolean {
  if (state.base < 0) state.base = number - (number % 32)
  let at = number - state.base
  if (at < 0 || at >= state.bits.length * 32) {
    const low = Math.min(state.base, number - (number % 32))
    const high = Math.max(state.base + state.bits.length * 32, number + 1)
    if (high - low > WIDEST) {
      state.base = number - (number % 32)
      state.bits = new Int32Array(2)
    } else {
      let words = state.bits.length
      while (words * 32 < high - low) words *= 2
      const bits = new Int32Array(words)
      bits.set(state.bits, (state.base - low) / 32)
      state.base = low
      state.bits = bits
    }
    at = number - state.base
  }
  const word = at >> 5
  const bit = 1 << (at & 31)
  if ((state.bits[word]! & bit) !== 0) return true
  state.bits[word]! |= bit
  return false
}
