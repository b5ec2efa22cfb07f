import type { Emit } from '../../schemas/facts.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import { SYSTEM_TABLES } from '../../schemas/system.ts'
import { createBuckets } from '../limits/buckets.ts'
import type { Batcher } from './batcher.ts'

const { body: BODY, detail: DETAIL } = SYSTEM_TABLES.dead_letter.fields

export interface DeadLetter {
  readonly tenant: string
  readonly received_ms: number
  readonly refusal: Refusal
  readonly kind?: string
  readonly session?: string
  /** What was refused; cut at the bound. */
  readonly body: string
}

/** Sets refused things apart, within a tenant's bounds: somebody else's mistake must not fill the disk. */
export interface DeadLetters {
  put(letter: DeadLetter): void
}

/** What is kept of a tenant: letters and bytes that may come at once, and a second later on. */
export interface DeadLetterBounds {
  readonly letters: number
  readonly letters_per_s: number
  readonly bytes: number
  readonly bytes_per_s: number
  /** What is kept of one body, bytes. */
  readonly body_bytes: number
}

const KNOWN: DeadLetterBounds = {
  letters: 500,
  letters_per_s: 50,
  bytes: 1 << 20,
  bytes_per_s: 8_192,
  body_bytes: BODY.max_length,
}
/** Of requests without a known key, of whoever they are, there is a sample. */
const NOBODY: DeadLetterBounds = {
  letters: 50,
  letters_per_s: 1,
  bytes: 1 << 16,
  bytes_per_s: 1_024,
  body_bytes: 1_024,
}

const boundsFor = (bounds: DeadLetterBounds) => ({
  bounds,
  letters: createBuckets({ rate: bounds.letters_per_s, burst: bounds.letters }),
  bytes: createBuckets({ rate: bounds.bytes_per_s, burst: bounds.bytes }),
})

/** Makes the dead letters of a collector: what was refused goes into the log by the batcher. */
export function keepDeadLetters(options: { readonly batcher: Batcher; readonly emit: Emit }): DeadLetters {
  const { batcher, emit } = options
  const known = boundsFor(KNOWN)
  const nobody = boundsFor(NOBODY)
  let second = 0
  const dropped = new Map<string, number>()
  return {
    put({ tenant, received_ms, refusal, kind = '', session = '', body }) {
      const now = Math.floor(received_ms / 1000)
      if (now !== second) {
        second = now
        for (const [name, letters] of dropped) emit({ type: 'dead_letters_dropped', tenant: name, letters })
        dropped.clear()
      }
      const { bounds, letters, bytes } = tenant === '' ? nobody : known
      const kept = body.slice(0, bounds.body_bytes)
      if (
        !batcher.room() ||
        letters.take(tenant, 1, received_ms) > 0 ||
        bytes.take(tenant, kept.length, received_ms) > 0
      ) {
        dropped.set(tenant, (dropped.get(tenant) ?? 0) + 1)
        return
      }
      const row = batcher.row('dead_letter', session)
      const { builder } = row
      const set = (name: string, value: unknown): void => builder.set(builder.indexOf.get(name)!, value)
      set('tenant', tenant)
      set('received_time', received_ms)
      set('stage', 'collector')
      set('code', refusal.code)
      set('kind', kind.slice(0, 64))
      set('session', session.slice(0, 64))
      set('detail', (refusal.detail ?? '').slice(0, DETAIL.max_length))
      set('body', kept)
      batcher.end(row, received_ms)
    },
  }
}
