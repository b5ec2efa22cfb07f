import type { Emit } from '../../schemas/facts.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import { SYSTEM_TABLES } from '../../schemas/system.ts'
import type { Batcher } from './batcher.ts'
import { partitionOf } from './partitionOf.ts'

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

/** Sets refused things apart. A second holds so many and no more: somebody else's mistake must not fill the disk. */
export interface DeadLetters {
  put(letter: DeadLetter): void
}

export function keepDeadLetters(options: {
  readonly batcher: Batcher
  readonly emit: Emit
  /** Most letters a second (default 500). */
  readonly perSecond?: number
}): DeadLetters {
  const { batcher, emit, perSecond = 500 } = options
  let second = 0
  let count = 0
  let dropped = 0
  return {
    put({ tenant, received_ms, refusal, kind = '', session = '', body }) {
      const now = Math.floor(received_ms / 1000)
      if (now !== second) {
        if (dropped > 0) emit({ type: 'dead_letters_dropped', letters: dropped })
        second = now
        count = dropped = 0
      }
      count += 1
      if (count > perSecond || !batcher.room()) {
        dropped += 1
        return
      }
      const partition = partitionOf(session, batcher.partitionsOf.get('dead_letter')!)
      const builder = batcher.builderOf('dead_letter', partition)
      const set = (name: string, value: unknown): void => builder.set(builder.indexOf.get(name)!, value)
      set('tenant', tenant)
      set('received_time', received_ms)
      set('stage', 'collector')
      set('code', refusal.code)
      set('kind', kind.slice(0, 64))
      set('session', session.slice(0, 64))
      set('detail', (refusal.detail ?? '').slice(0, DETAIL.max_length))
      set('body', body.slice(0, BODY.max_length))
      batcher.ended('dead_letter', partition, received_ms)
    },
  }
}
