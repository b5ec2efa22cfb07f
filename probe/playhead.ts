/** Media that came: when (ms since the epoch), and how much of it (ms of playing). */
export interface Arrival {
  readonly atMs: number
  readonly mediaMs: number
}

export interface Playback {
  /** When playing began; undefined: it never could. */
  readonly startedMs?: number
  readonly stalls: readonly { readonly atMs: number; readonly ms: number }[]
  readonly stalledMs: number
}

export interface PlayheadOptions {
  /** Media that must be there before playing begins, and before it goes on after a stall. */
  readonly startBufferMs: number
  readonly resumeBufferMs: number
  readonly endMs: number
}

/**
 * Plays what arrived as a viewer's player would: it begins when enough is there in every track, and stands still
 * whenever the track with the least runs out. A stall that lasts at `endMs` counts up to then.
 */
export function playThrough(tracks: readonly (readonly Arrival[])[], options: PlayheadOptions): Playback {
  const { startBufferMs, resumeBufferMs, endMs } = options
  const arrivals = tracks
    .flatMap((track, index) => track.map((arrival) => ({ ...arrival, index })))
    .filter((arrival) => arrival.atMs <= endMs)
    .sort((a, b) => a.atMs - b.atMs)
  const have = tracks.map(() => 0)
  const stalls: { atMs: number; ms: number }[] = []
  let startedMs: number | undefined
  let position = 0
  let now = arrivals[0]?.atMs ?? endMs
  let stalledSince: number | undefined
  const buffered = () => Math.min(...have)

  /** Lets time pass; notes the moment the buffer runs empty on the way. */
  const advance = (toMs: number) => {
    if (startedMs !== undefined && stalledSince === undefined) {
      const left = buffered() - position
      const passed = toMs - now
      if (passed > left) {
        stalledSince = now + left
        position += left
      } else position += passed
    }
    now = toMs
  }
  for (const arrival of arrivals) {
    advance(arrival.atMs)
    have[arrival.index] = (have[arrival.index] as number) + arrival.mediaMs
    if (startedMs === undefined) {
      if (buffered() > 0 && buffered() >= startBufferMs) startedMs = now
    } else if (stalledSince !== undefined && buffered() - position >= Math.max(1, resumeBufferMs)) {
      stalls.push({ atMs: stalledSince, ms: now - stalledSince })
      stalledSince = undefined
    }
  }
  advance(endMs)
  if (stalledSince !== undefined) stalls.push({ atMs: stalledSince, ms: endMs - stalledSince })
  return {
    ...(startedMs === undefined ? {} : { startedMs }),
    stalls,
    stalledMs: stalls.reduce((sum, stall) => sum + stall.ms, 0),
  }
}
