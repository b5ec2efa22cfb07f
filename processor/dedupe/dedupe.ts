import type { ReadBatch } from '../../schemas/arrow/reader.ts'
import { Session } from './session.ts'

/** How long a session's numbers are remembered after it was heard last; older retries are refused by the collector. */
export const HORIZON_MS = 30 * 60_000

/** Columns the step reads. */
export const DEDUPE_COLUMNS = ['tenant', 'session', 'seq', 'source', 'received_time'] as const

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
      if (state.seen(number)) {
        ;(repeats ??= new Uint8Array(rows))[row] = 1
        repeated += 1
      }
    }
    this.sweep(received[rows - 1]!)
    return repeats === undefined && muted === undefined ? CLEAN : { repeats, muted, repeated }
  }

  private session(key: string, now_ms: number): Session {
    const now_s = Math.floor(now_ms / 1000)
    let state = this.sessions.get(key)
    if (state === undefined) {
      state = new Session(now_s)
      this.sessions.set(key, state)
    } else if (now_s > state.heard_s) state.heard_s = now_s
    return state
  }

  private sweep(now_ms: number): void {
    if (now_ms - this.swept_ms < HORIZON_MS / 10) return
    this.swept_ms = now_ms
    const oldest_s = Math.floor((now_ms - HORIZON_MS) / 1000)
    for (const [key, { heard_s }] of this.sessions) if (heard_s < oldest_s) this.sessions.delete(key)
  }
}
