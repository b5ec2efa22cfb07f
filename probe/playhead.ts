/** Media that came: when (ms since the epoch), and how much of it (ms of playing). */
export interface Arrival {
  readonly at_ms: number
  readonly media_ms: number
}

export interface Playback {
  /** When playing began; undefined: it never could. */
  readonly started_ms?: number
  readonly stalls: readonly { readonly at_ms: number; readonly ms: number }[]
  readonly stalled_ms: number
}

export interface PlayheadOptions {
  /** Media that must be there before playing begins, and before it goes on after a stall. */
  readonly startBuffer_ms: number
  readonly resumeBuffer_ms: number
  readonly end_ms: number
}

/**
 * Plays what arrived as a viewer's player would: it begins when enough is there in every track, and stands still
 * whenever the track with the least runs out. A stall that lasts at `end_ms` counts up to then.
 */
export function playThrough(tracks: readonly (readonly Arrival[])[], options: PlayheadOptions): Playback {
  const { startBuffer_ms, resumeBuffer_ms, end_ms } = options
  const arrivals = tracks
    .flatMap((track, index) => track.map((arrival) => ({ ...arrival, index })))
    .filter((arrival) => arrival.at_ms <= end_ms)
    .sort((a, b) => a.at_ms - b.at_ms)
  const have = tracks.map(() => 0)
  const stalls: { at_ms: number; ms: number }[] = []
  let started_ms: number | undefined
  let position = 0
  let now = arrivals[0]?.at_ms ?? end_ms
  let stalledSince: number | undefined
  const buffered = () => Math.min(...have)

  /** Lets time pass; notes the moment the buffer runs empty on the way. */
  const advance = (to_ms: number) => {
    if (started_ms !== undefined && stalledSince === undefined) {
      const left = buffered() - position
      const passed = to_ms - now
      if (passed > left) {
        stalledSince = now + left
        position += left
      } else position += passed
    }
    now = to_ms
  }
  for (const arrival of arrivals) {
    advance(arrival.at_ms)
    have[arrival.index] = (have[arrival.index] as number) + arrival.media_ms
    if (started_ms === undefined) {
      if (buffered() > 0 && buffered() >= startBuffer_ms) started_ms = now
    } else if (stalledSince !== undefined && buffered() - position >= Math.max(1, resumeBuffer_ms)) {
      stalls.push({ at_ms: stalledSince, ms: now - stalledSince })
      stalledSince = undefined
    }
  }
  advance(end_ms)
  if (stalledSince !== undefined) stalls.push({ at_ms: stalledSince, ms: end_ms - stalledSince })
  return {
    started_ms,
    stalls,
    stalled_ms: stalls.reduce((sum, stall) => sum + stall.ms, 0),
  }
}
