/** Source of a page script: every frame callback of `video`, kept by itself, as the truth to compare with. */
export const TRUTH = `
window.truth = { frames: [], notes: [] }
window.watchTruth = (video) => {
  truth.from = performance.now()
  const frame = (at, { mediaTime }) => {
    video.requestVideoFrameCallback(frame)
    const last = truth.frames.at(-1)
    if (!last || last.mediaTime !== mediaTime) truth.frames.push({ at, mediaTime })
  }
  video.requestVideoFrameCallback(frame)
  for (const name of ['seeking', 'seeked', 'pause', 'play', 'playing', 'waiting', 'loadeddata'])
    video.addEventListener(name, () => truth.notes.push({ at: performance.now(), name }))
}`

export interface Truth {
  /** When the player was asked to play, ms of performance.now(). */
  readonly from: number
  readonly frames: readonly { readonly at: number; readonly mediaTime: number }[]
  readonly notes: readonly { readonly at: number; readonly name: string }[]
}

/**
 * Gaps between frames longer than a freeze (W3C: mean + 150 ms), less one frame, in which the element itself ran out
 * of data, and that no seek or pause explains. A busy machine makes gaps too; those are no stalls.
 */
export function trueStalls(truth: Truth, frame_ms = 40): { at: number; ms: number }[] {
  const stalls: { at: number; ms: number }[] = []
  for (let index = 1; index < truth.frames.length; index++) {
    const last = truth.frames[index - 1]!
    const next = truth.frames[index]!
    const gap = next.at - last.at
    const inside = (names: string) =>
      truth.notes.some(
        (note) => names.includes(note.name) && note.at > last.at - frame_ms && note.at < next.at,
      )
    if (gap > frame_ms + 150 && inside('waiting') && !inside('seeking pause')) {
      stalls.push({ at: last.at, ms: gap - frame_ms })
    }
  }
  return stalls
}
