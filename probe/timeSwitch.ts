import { type CheckOptions, check } from './check.ts'
import type { Observations } from './observations.ts'

export interface SwitchOptions extends Pick<CheckOptions, 'clock' | 'allow_networks' | 'headers' | 'signal'> {
  /** The playback address that viewers of the primary use. */
  readonly url: string
  /** Does the switch; the time runs from when it is called. */
  readonly command: () => Promise<void>
  /** The first good frame must have come so long after the command, s. */
  readonly within_s: number
}

export interface SwitchResult {
  /** `switched`: the picture was gone and came back; `seamless`: it was never gone; `lost`: it did not come back in the time looked at. */
  readonly outcome: 'switched' | 'seamless' | 'lost'
  /** From the command until the first good frame after the longest gap, ms. */
  readonly first_frame_ms?: number
  /** How long no frame came, ms. */
  readonly gap_ms?: number
  readonly within: boolean
}

/** One look at the stream. A switch closes connections, so the next look opens one anew. */
const LOOK_MS = 2_500
const TIMEOUT_MS = 2_000
/** Looks in which a playlist must show something new. */
const MOST_LOOKS = 5
/** A gap is so many times the usual distance of frames or segments, and at least this. */
const GAP_TIMES = 2.5
const LEAST_GAP_MS = 800
/** So long frames must come again before the picture counts as back. */
const STEADY_MS = 1_500
/** And it is waited for beyond the time allowed, so that the result says how late it was. */
const BEYOND = 2

/** Something good that arrived: a frame, or a whole segment, which begins with a key frame. */
interface Arrival {
  readonly at_ms: number
  readonly key: boolean
}

/** What of an observation is new: each segment counts once, however often it is fetched. */
function arrivalsOf({ live, pieces }: Observations, known: Set<string>): Arrival[] {
  const frames = (live?.frames ?? []).filter(({ kind }) => kind === 'video')
  const fresh = pieces.filter(({ kind, missing, gap, cut, unfinished, sample, sequence, part, uri }) => {
    const name = `${sequence}.${part} ${uri}`
    if (kind !== 'video' || missing || gap || cut || unfinished || sample || known.has(name)) return false
    known.add(name)
    return true
  })
  return [
    ...frames.map(({ at_ms, key }) => ({ at_ms, key })),
    ...fresh.map(({ arrived_ms }) => ({ at_ms: arrived_ms, key: true })),
  ]
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** The longest gap that ends after the command, and the first key frame after it. */
export function gapAfter(
  arrivals: readonly Arrival[],
  command_ms: number,
): { readonly gap_ms: number; readonly first_ms: number } | undefined {
  const sorted = [...arrivals].sort((a, b) => a.at_ms - b.at_ms)
  const steps = sorted.slice(1).map(({ at_ms }, index) => at_ms - sorted[index]!.at_ms)
  const before = steps.filter((_, index) => sorted[index + 1]!.at_ms <= command_ms)
  const least_ms = Math.max(LEAST_GAP_MS, GAP_TIMES * median(before))
  let longest: { gap_ms: number; first_ms: number } | undefined
  for (const [index, step] of steps.entries()) {
    const next = sorted[index + 1]!
    if (next.at_ms <= command_ms || step < least_ms || step <= (longest?.gap_ms ?? 0)) continue
    const key = sorted.slice(index + 1).find((each) => each.key)
    if (key !== undefined) longest = { gap_ms: key.at_ms - sorted[index]!.at_ms, first_ms: key.at_ms }
  }
  return longest
}

/**
 * Times a switch: watches the playback, gives the command, and measures until the first good frame after the gap.
 * @returns undefined where the playback was not good before: nothing was switched then
 */
export async function timeSwitch(options: SwitchOptions): Promise<SwitchResult | undefined> {
  const { url, command, within_s, clock, signal } = options
  const known = new Set<string>()
  const arrivals: Arrival[] = []
  const look = async () => {
    const { seen } = await check(url, {
      ...{ clock, signal, allow_networks: options.allow_networks, headers: options.headers },
      duration_ms: LOOK_MS,
      timeout_ms: TIMEOUT_MS,
    })
    arrivals.push(...arrivalsOf(seen, known))
    return seen.live !== undefined
  }
  // Frames come as they are made. Of a playlist the first look fetches what stands there already, so news is waited for.
  let playing = (await look()) && arrivals.length > 0
  const first = arrivals.length
  for (let looks = 0; first > 0 && !playing && looks < MOST_LOOKS; looks += 1) {
    await look()
    playing = arrivals.length > first
  }
  if (!playing) return undefined
  const watching = look()
  const command_ms = clock()
  await command()
  await watching
  const until_ms = command_ms + within_s * 1000 * BEYOND
  for (;;) {
    const newest_ms = Math.max(...arrivals.map(({ at_ms }) => at_ms))
    const gap = gapAfter(arrivals, command_ms)
    if (gap !== undefined && newest_ms - gap.first_ms >= STEADY_MS) {
      const first_frame_ms = gap.first_ms - command_ms
      return {
        outcome: 'switched',
        first_frame_ms,
        gap_ms: gap.gap_ms,
        within: first_frame_ms <= within_s * 1000,
      }
    }
    if (clock() >= until_ms || signal?.aborted) {
      const going = clock() - newest_ms < LOOK_MS
      return going && gap === undefined
        ? { outcome: 'seamless', within: true }
        : { outcome: 'lost', within: false }
    }
    await look()
  }
}
