import { randomBytes } from 'node:crypto'
import type { ReadBatch } from '../../schemas/arrow/reader.ts'
import { SequenceTable } from './sequenceTable.ts'

/** How long a session's numbers are remembered after it was heard last; older retries are refused by the collector. */
export const HORIZON_MS = 30 * 60_000

/** Columns the step reads. */
export const DEDUPE_COLUMNS = ['tenant', 'session', 'seq', 'source', 'received_time', 'weight'] as const

export interface DedupeVerdict {
  /** Rows with a 1 are repeats. Undefined: none is. */
  readonly repeats: Uint8Array | undefined
  /** Rows with a 1 say by CMCD what the SDK says already: they are stored with weight 0. Undefined: none is. */
  readonly muted: Uint8Array | undefined
  readonly repeated: number
}

const CLEAN: DedupeVerdict = { repeats: undefined, muted: undefined, repeated: 0 }

/** Why two sequences of one playback are two: who counts, and of CMCD in which mode (the parity of `seq`). */
const SEQUENCE_SEEDS = new Map<string, number>()

/**
 * The one dedupe step of writer and watcher, one instance a topic and partition: the numbers seen, by session.
 * Rows with `seq` 0 are never repeats. Rows of weight 0 (not believed) are kept apart: a forged number makes no honest one a
 * repeat, and a forged SDK mutes no CMCD. A row of weight 0 repeats its like, and what was believed before: a session that is
 * not believed any more is not stored twice. It is rebuilt by replaying the log's last HORIZON_MS, which gives the same verdicts. Memory: less than 40 bytes a session, and a bounded store of holes (see SequenceTable).
 */
export class Dedupe {
  private readonly table = new SequenceTable()
  private swept_ms = 0

  /** Sequences remembered: a playback, and each further source that reports it, is a sequence. */
  get size(): number {
    return this.table.size
  }

  /** Bytes held for them. */
  get bytes(): number {
    return this.table.bytes
  }

  check(batch: ReadBatch): DedupeVerdict {
    const { rows } = batch
    if (rows === 0) return CLEAN
    const tenant = batch.label('tenant')
    const session = batch.text('session')
    const source = batch.label('source')
    const seq = batch.number('seq').values
    const received = batch.number('received_time').values
    const weight = batch.number('weight').values
    const sdkCode = source.values.indexOf('sdk')
    const cmcdCode = source.values.indexOf('cmcd')
    const { table } = this
    let repeats: Uint8Array | undefined
    let muted: Uint8Array | undefined
    let repeated = 0
    for (let row = 0; row < rows; row += 1) {
      const id = session.at(row)
      if (id === '') continue
      const number = seq[row]!
      const now = Math.floor(received[row]! / TICK_MS)
      const owner = tenant.at(row)
      const own = source.codes[row]!
      const ofPlayer = own === sdkCode || own === cmcdCode
      if (!ofPlayer && number === 0) continue
      hashSession(owner, id)
      const apart = weight[row] === 0
      const believedLow = low
      const believedHigh = high
      if (apart) setApart()
      // A player's numbers and the SDK's for the same playback are sequences of their own.
      let entry = -1
      if (ofPlayer) {
        entry = table.entry(low, high, now)
        if (own === sdkCode) table.mark(entry)
        else if (table.marked(entry)) (muted ??= new Uint8Array(rows))[row] = 1
      }
      if (number === 0) continue
      let counted = number
      let seed = 0
      if (own !== sdkCode) {
        const mode = own === cmcdCode ? number & 1 : 0
        if (own === cmcdCode) counted = number >>> 1
        seed = seedOf(source.at(row)) + mode
        entry = table.entry(mix(low ^ seed), mix(high + seed), now)
      }
      const repeatsBelieved =
        apart &&
        (own === sdkCode
          ? table.has(believedLow, believedHigh, counted)
          : table.has(mix(believedLow ^ seed), mix(believedHigh + seed), counted))
      if (repeatsBelieved || table.seen(entry, counted, owner)) {
        ;(repeats ??= new Uint8Array(rows))[row] = 1
        repeated += 1
      }
    }
    this.sweep(received[rows - 1]!)
    return repeats === undefined && muted === undefined ? CLEAN : { repeats, muted, repeated }
  }

  private sweep(now_ms: number): void {
    if (now_ms - this.swept_ms < HORIZON_MS / 10) return
    this.swept_ms = now_ms
    this.table.forget(Math.floor((now_ms - HORIZON_MS) / TICK_MS))
  }
}

/** When a sequence was heard is kept in steps of this, which fit 31 bits for a century. */
const TICK_MS = 4_000

/** Nobody can choose sessions that meet in the table, since nobody knows the seeds. */
const [SEED_LOW, SEED_HIGH] = randomBytesAsInt32()
let low = 0
let high = 0

function randomBytesAsInt32(): [number, number] {
  const bytes = randomBytes(8)
  return [bytes.readInt32LE(0), bytes.readInt32LE(4)]
}

function seedOf(source: string): number {
  let seed = SEQUENCE_SEEDS.get(source)
  if (seed === undefined) {
    // Sources are a bounded dimension; the bound here only protects against a log that somebody else wrote.
    if (SEQUENCE_SEEDS.size > 1_000) SEQUENCE_SEEDS.clear()
    seed = SEED_HIGH
    for (let at = 0; at < source.length; at += 1) seed = Math.imul(seed ^ source.charCodeAt(at), 0x01000193)
    // Two sequences a source: the lowest bit is the mode.
    seed = (mix(seed) & ~1) | 0
    SEQUENCE_SEEDS.set(source, seed)
  }
  return seed
}

/** Murmur3's last step: every bit of the input changes every bit of the result. */
function mix(hash: number): number {
  let mixed = hash | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}

/** Turns the hash of a session into that of its rows that are not believed. */
function setApart(): void {
  low = mix(low ^ 0x5bd1e995)
  high = mix(high + 0x5bd1e995)
}

/** Hashes tenant and session into `low` and `high`: two lanes, without making a text of both. */
function hashSession(tenant: string, session: string): void {
  let a = SEED_LOW
  let b = SEED_HIGH
  for (let at = 0; at < tenant.length; at += 1) {
    const unit = tenant.charCodeAt(at)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(((b << 5) | (b >>> 27)) ^ unit, 0x9e3779b1)
  }
  a = Math.imul(a ^ 0x1ffff, 0x01000193)
  b = Math.imul(((b << 5) | (b >>> 27)) ^ 0x1ffff, 0x9e3779b1)
  for (let at = 0; at < session.length; at += 1) {
    const unit = session.charCodeAt(at)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(((b << 5) | (b >>> 27)) ^ unit, 0x9e3779b1)
  }
  low = mix(a)
  high = mix(b)
}
