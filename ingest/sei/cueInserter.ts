import { Transform, type TransformCallback } from 'node:stream'
import {
  type FlvTag,
  flvSplitter,
  isAvcConfiguration,
  isAvcPicture,
  isKeyFrame,
  writeFlvTag,
} from '../../media/flvTags.ts'
import { insertNal, nalLengthBytes, seiNal } from '../../media/writeNal.ts'
import { type CueMessage, type CueRefusal, encodeCue } from '../../schemas/sei.ts'

export interface CueTrigger {
  readonly round: string
  readonly cue?: string
  readonly data?: string
  /** When the operator pressed, µs since the epoch. Default: now. */
  readonly issued_us?: number
  /** Wait for the next key frame instead of taking the next frame. Default false. */
  readonly keyFrame?: boolean
}

/** A cue that is on its way. */
export interface InsertedCue extends CueMessage {
  /** When it was put into the stream, ms since the epoch. */
  readonly inserted_ms: number
  /** The frame's timestamp in the stream: when it is to be decoded, and when to be shown, ms. */
  readonly decode_ms: number
  readonly show_ms: number
  /** How long the whole SEI message is, bytes. */
  readonly bytes: number
}

export type CueOutcome =
  | { readonly ok: true; readonly inserted: InsertedCue }
  | { readonly ok: false; readonly code: CueRefusal | 'no_picture' | 'ended' }

export interface CueInserter {
  /** FLV in, FLV out: `source.pipe(inserter.stream).pipe(sink)`. */
  readonly stream: Transform
  /** Resolves when the cue stands in a frame that has left, or with the reason why it never will. */
  readonly trigger: (cue: CueTrigger) => Promise<CueOutcome>
}

interface Waiting {
  readonly trigger: CueTrigger
  readonly issued_us: number
  readonly settle: (outcome: CueOutcome) => void
}

/** Byte of a picture tag's body where the NAL units begin: frame type and codec, packet type, composition time. */
const PICTURE_AT = 5

/**
 * Puts cues into a live H.264 stream, each as an SEI message into the next frame, without touching a picture's bytes.
 * (ffmpeg's `h264_metadata` filter takes one printable text for a whole run, which a live round cannot use.)
 * @param options.patience_ms how long a cue waits for a frame; then it is refused `no_picture`. Default 10 000.
 */
export function cueInserter(options: {
  /** ms since the epoch, with a fraction where the machine has one. */
  readonly clock: () => number
  readonly patience_ms?: number
}): CueInserter {
  const { clock, patience_ms = 10_000 } = options
  const split = flvSplitter()
  let length_bytes = 4
  let ended = false
  let waiting: Waiting[] = []

  function into(tag: FlvTag, { trigger, issued_us, settle }: Waiting): FlvTag {
    const inserted_ms = clock()
    const message: CueMessage = {
      round: trigger.round,
      cue: trigger.cue ?? '',
      issued_us,
      inserted_after_us: Math.max(0, Math.round(inserted_ms * 1000 - issued_us)),
      data: trigger.data ?? '',
    }
    const payload = encodeCue(message)
    if (typeof payload === 'string') {
      settle({ ok: false, code: payload })
      return tag
    }
    const picture = insertNal(tag.body.subarray(PICTURE_AT), seiNal(payload), length_bytes)
    const decode_ms = tag.timestamp_ms
    const show_ms = decode_ms + tag.body.readIntBE(2, 3)
    settle({ ok: true, inserted: { ...message, inserted_ms, decode_ms, show_ms, bytes: payload.length } })
    return { ...tag, body: Buffer.concat([tag.body.subarray(0, PICTURE_AT), picture]) }
  }

  function insertInto(tag: FlvTag): FlvTag {
    if (isAvcConfiguration(tag)) length_bytes = nalLengthBytes(tag.body.subarray(PICTURE_AT))
    if (waiting.length === 0 || !isAvcPicture(tag)) return tag
    const taken = waiting.filter(({ trigger }) => trigger.keyFrame !== true || isKeyFrame(tag))
    waiting = waiting.filter((each) => !taken.includes(each))
    // Each is put first, so the last goes in first to keep their order.
    return taken.reduceRight(into, tag)
  }

  const giveUp = (code: 'no_picture' | 'ended', which: (each: Waiting) => boolean) => {
    for (const each of waiting.filter(which)) each.settle({ ok: false, code })
    waiting = waiting.filter((each) => !which(each))
  }

  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        const { header, tags, broken } = split(chunk)
        // A pipe that lost its place cannot be mended.
        if (broken !== undefined) throw new Error(`the input is not FLV: ${broken}`)
        const out = tags.map((tag) => writeFlvTag(insertInto(tag)))
        done(null, Buffer.concat(header === undefined ? out : [header, ...out]))
      } catch (error) {
        done(error as Error)
      }
    },
    flush(done: TransformCallback) {
      ended = true
      giveUp('ended', () => true)
      done()
    },
    destroy(error, done) {
      ended = true
      giveUp('ended', () => true)
      done(error)
    },
  })

  return {
    stream,
    trigger: (trigger) => {
      if (ended) return Promise.resolve({ ok: false, code: 'ended' })
      const now_ms = clock()
      const issued_us = trigger.issued_us ?? Math.round(now_ms * 1000)
      // What can never be carried is refused at once, not at the next frame.
      const tried = encodeCue({
        round: trigger.round,
        cue: trigger.cue ?? '',
        data: trigger.data ?? '',
        issued_us,
      })
      if (typeof tried === 'string') return Promise.resolve({ ok: false, code: tried })
      return new Promise<CueOutcome>((resolve) => {
        const timer = setTimeout(() => giveUp('no_picture', (each) => each === entry), patience_ms)
        const entry: Waiting = {
          trigger,
          issued_us,
          settle: (outcome) => {
            clearTimeout(timer)
            resolve(outcome)
          },
        }
        waiting.push(entry)
      })
    },
  }
}
