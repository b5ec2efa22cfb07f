import { FLV_AUDIO, type FlvTag, isKeyFrame, isPicture } from '../../media/flvTags.ts'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import { kbpsOf, known, perSecond } from '../counters.ts'

export interface FrameMeter {
  readonly read: (tags: readonly FlvTag[]) => void
  /**
   * What came since the last call, as fields of a `hop` event; undefined until a whole interval has pictures in it
   * (the first one began while the listener waited for a key frame).
   */
  readonly take: (at_ms: number) => Partial<BeaconEvent<'hop'>> | undefined
}

/**
 * Counts pictures, key frames and bytes of an FLV stream by its tags, without decoding.
 * Rates are by the wall clock (what arrives a second); the key-frame interval and the sound's offset are by the
 * stream's own timestamps.
 */
export function frameMeter(began_ms: number): FrameMeter {
  let last_ms = began_ms
  let whole = false
  let frames = 0
  let bytes = 0
  let keyFrame_ms: number | undefined
  let intervals: number[] = []
  let picture_ms: number | undefined
  let sound_ms: number | undefined
  return {
    read: (tags) => {
      for (const tag of tags) {
        bytes += tag.body.length
        if (tag.type === FLV_AUDIO && tag.body[1] !== 0) sound_ms = tag.timestamp_ms
        if (!isPicture(tag)) continue
        frames++
        picture_ms = tag.timestamp_ms
        if (!isKeyFrame(tag)) continue
        if (keyFrame_ms !== undefined && tag.timestamp_ms > keyFrame_ms) {
          intervals.push(tag.timestamp_ms - keyFrame_ms)
        }
        keyFrame_ms = tag.timestamp_ms
      }
    },
    take: (at_ms) => {
      if (picture_ms === undefined) return undefined
      const interval_ms = Math.max(0, Math.round(at_ms - last_ms))
      const measured = known({
        interval_ms,
        frames,
        fps_in: perSecond(frames, interval_ms),
        bitrate_in_kbps: kbpsOf(bytes, interval_ms),
        bytes_in: bytes,
        key_frame_interval_ms:
          intervals.length === 0
            ? undefined
            : intervals.reduce((sum, each) => sum + each, 0) / intervals.length,
        av_offset_ms: sound_ms === undefined ? undefined : sound_ms - picture_ms,
      })
      last_ms = at_ms
      frames = 0
      bytes = 0
      intervals = []
      const fields = whole ? measured : undefined
      whole = true
      return fields
    },
  }
}
