import type { KindFields } from '../../schemas/kinds/kinds.ts'
import type { AdapterSample } from '../adapter.ts'

type Pictures = Pick<
  KindFields<'heartbeat'>,
  'frames_rendered' | 'frames_dropped' | 'fps_rendered' | 'fps_decoded'
>

/** Frames of an interval, from the sums that the element counts. The second argument: time played in it, ms. */
export function createPictures(): (sample: AdapterSample, played_ms: number) => Pictures {
  let before = { decoded: 0, dropped: 0 }
  return ({ frames_decoded: decoded, frames_dropped: dropped = 0 }, played_ms) => {
    if (decoded === undefined) return {}
    // A player that began anew counts from zero.
    if (before.decoded > decoded || before.dropped > dropped) before = { decoded: 0, dropped: 0 }
    const new_decoded = decoded - before.decoded
    const frames_dropped = Math.min(new_decoded, dropped - before.dropped)
    const frames_rendered = new_decoded - frames_dropped
    before = { decoded, dropped }
    // Over less than half a second a rate says nothing.
    const fps = (count: number) => (played_ms < 500 ? undefined : Math.min(1000, (count * 1000) / played_ms))
    return {
      frames_rendered,
      frames_dropped,
      fps_rendered: fps(frames_rendered),
      fps_decoded: fps(new_decoded),
    }
  }
}
