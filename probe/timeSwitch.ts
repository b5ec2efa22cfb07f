import { type CheckOptions, check } from './check.ts'
import { pause } from './clock.ts'
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

/** How long the playback is watched before it counts as good. */
const LOOK_MS = 2_500
const TIMEOUT_MS = 2_000
/** Looks in which a playlist must show something new. */
const MOST_LOOKS = 5
/** The look that sees the switch is open for so long when the command is given. */
const LEAD_MS = 1_000
/** A gap is so many times the usual distance of frames or segments, and at least this. */
const GAP_TIMES = 2.5
const LEAST_GAP_MS = 300
/** So long frames must come again before the picture counts as back. */
const STEADY_MS = 1_500
/** And it is waited for beyond the time allowed, so that the result says how late it was. */
const BEYOND = 2
const LOOK_AGAIN_MS = 100

/** Something good that arrived: a frame, or a whole segment, which begins with a key frame. */
interface Arrival {
  readonly at_ms: number
  readonly key: boolean
}

/** Segments of an observation that are new: each counts once, however often it is fetched. */
function freshOf({ pieces }: Observations, known: Set<string>): Arrival[] {
  return pieces.flatMap(
    ({ kind, missing, gap, cut, unfinished, sample, sequence, part, uri, arrived_ms }) => {
      const name = `${sequence}.${part} ${uri}`
      if (kind !== 'video' || missing || gap || cut || unfinished || sample || known.has(name)) return []
      known.add(name)
      return [{ at_ms: arrived_ms, key: true }]
    },
  )
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** The longest gap that begins with the command or later, and the first key frame after it. */
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
    const began_ms = sorted[index]!.at_ms
    if (next.at_ms <= command_ms || began_ms < command_ms - least_ms) continue
    if (step < least_ms || step <= (longest?.gap_ms ?? 0)) continue
    const key = sorted.slice(index + 1).find((each) => each.key)
    if (key !== undefined) longest = { gap_ms: key.at_ms - began_ms, first_ms: key.at_ms }
  }
  return longest
}

/**
 * Times a switch: watches the playback, gives the command, and measures until the first good frame after the gap.
 * @returns undefined where the playback was not good before: nothing was switched then
 */
export async function timeSwitch(options: SwitchOptions): Promise<SwitchResult | undefined> {
  const { url, command, within_s, clock } = options
  const known = new Set<string>()
  const arrivals: Arrival[] = []
  let live = false
  const look = async (duration_ms: number, signal = options.signal) => {
    const { seen } = await check(url, {
      ...{ clock, signal, allow_networks: options.allow_networks, headers: options.headers, duration_ms },
      timeout_ms: TIMEOUT_MS,
      onFrame({ kind, at_ms, key }) {
        live = true
        if (kind === 'video') arrivals.push({ at_ms, key })
      },
    })
    arrivals.push(...freshOf(seen, known))
  }
  // Frames come as they are made. Of a playlist the first look fetches what stands there already, so news is waited for.
  await look(LOOK_MS)
  const first = arrivals.length
  for (let looks = 0; first > 0 && !live && arrivals.length === first && looks < MOST_LOOKS; looks += 1)
    await look(LOOK_MS)
  if (first === 0 || (!live && arrivals.length === first)) return undefined

  const back = new AbortController()
  const signal = options.signal === undefined ? back.signal : AbortSignal.any([options.signal, back.signal])
  const all_ms = within_s * 1000 * BEYOND
  const watching = look(LEAD_MS + all_ms + STEADY_MS, signal)
  await pause(LEAD_MS, options.signal)
  const command_ms = clock()
  const found = () => {
    const gap = gapAfter(arrivals, command_ms)
    return gap !== undefined && newestOf(arrivals) - gap.first_ms >= STEADY_MS ? gap : undefined
  }
  const timer = setInterval(() => {
    // What was never gone need not be watched any longer than the time allowed.
    const seamless = clock() > command_ms + within_s * 1000 && gapAfter(arrivals, command_ms) === undefined
    if (found() !== undefined || (seamless && clock() - newestOf(arrivals) < LEAST_GAP_MS)) back.abort()
  }, LOOK_AGAIN_MS)
  try {
    await command()
    await watching
    // A server that closes the connection ends a look.
    while (!signal.aborted && clock() < command_ms + all_ms) await look(LOOK_MS, signal)
  } finally {
    clearInterval(timer)
    back.abort()
  }
  const gap = found()
  if (gap === undefined) {
    const gone = gapAfter(arrivals, command_ms) !== undefined || newestOf(arrivals) < clock() - 2 * LOOK_MS
    return gone ? { outcome: 'lost', within: false } : { outcome: 'seamless', within: true }
  }
  const first_frame_ms = gap.first_ms - command_ms
  return {
    outcome: 'switched',
    first_frame_ms,
    gap_ms: gap.gap_ms,
    within: first_frame_ms <= within_s * 1000,
  }
}

const newestOf = (arrivals: readonly Arrival[]): number =>
  arrivals.reduce((newest, { at_ms }) => Math.max(newest, at_ms), 0)
