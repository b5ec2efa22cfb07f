import { CAUSAL_DIMENSIONS, OTHER } from '../../../schemas/dimensions.ts'
import type { Signal } from '../detect/signals.ts'
import { type Localised, type LocaliseOptions, NAMED_FROM } from '../localise/localise.ts'
import { SESSION_SLICE_MS } from '../windows/sessionSlices.ts'
import type { Cells, StreamView, Where } from '../windows/view.ts'

export type Localise = (options: LocaliseOptions) => Localised[]

/** Which dimension values explain a worse metric. */
export interface Place {
  readonly cause: Where
  readonly explains: number
  readonly confidence: number
}

/** What is said when it cannot be told. */
const EVERYWHERE: Place = { cause: {}, explains: 0, confidence: 0 }
/** A fault is localised by its last so many ms. */
const WINDOW_MS = 15_000
/** Before is compared in so many frames of ten seconds. With three in place of twelve a quarter fewer causes are found. */
const FRAMES = 12
const FRAME_MS = 10_000
/** What takes minutes to see is compared with minutes: so many, of this length. */
const SLOW_FRAMES = 10
const SLOW_FRAME_MS = 60_000
/** Fewer frames, at least three, where they would have more rows than this together. */
const LEAST_FRAMES = 3
const MOST_ROWS_BEFORE = 240_000
/** An edge is a CDN in a region: it is named by these, as long as it does not stand alone among several. */
const PLACES = CAUSAL_DIMENSIONS.filter((name) => name !== 'edge')
/** Rows beyond which only the likeliest dimensions are looked at. */
const MOST_ROWS = 60_000
/** Tried in this order when there is too much to look at. */
const LIKELIEST = [
  'cdn',
  'isp',
  'region',
  'app',
  'player_version',
  'component_version',
  'component',
  'device',
  'rendition',
  'os',
  'network',
  'protocol',
]

/**
 * Localises one signal: the time since the onset against the clean time before it.
 * @param dimensions limits what may be named
 */
export function locate({
  view,
  signal,
  onset_ms,
  clean_to_ms,
  localise,
  dimensions,
  window_ms,
}: {
  readonly view: StreamView
  readonly signal: Signal
  readonly onset_ms: number
  /** Everything before this is an example of normal. */
  readonly clean_to_ms: number
  readonly localise: Localise
  readonly dimensions?: readonly string[]
  /** Of a finding that needs longer than some seconds: its length. */
  readonly window_ms?: number
}): Place {
  const to = view.watermark_ms
  const from = Math.min(to - 1000, Math.max(onset_ms, to - (window_ms ?? WINDOW_MS)))
  const where: Where | undefined = signal.kind === 'hop' ? { hop: signal.hop } : undefined
  let names = (dimensions ?? PLACES).filter((name) => view.dimensions(signal.kind).includes(name))
  const read = (a: number, b: number) =>
    view.cells([signal.numerator, signal.denominator], a, b, { dimensions: names, ...(where && { where }) })
  let now = read(from, to)
  if (now.rows === 0) return EVERYWHERE
  if (now.rows > MOST_ROWS) {
    names = names.filter((name) => LIKELIEST.includes(name))
    now = read(from, to)
  }
  const clean = Math.floor(Math.min(clean_to_ms, from) / FRAME_MS) * FRAME_MS
  const bounded = Math.max(LEAST_FRAMES, Math.floor(MOST_ROWS_BEFORE / now.rows))
  const [wanted, frame_ms] = window_ms === undefined ? [FRAMES, FRAME_MS] : [SLOW_FRAMES, SLOW_FRAME_MS]
  const frames: Cells[] = []
  for (let f = 1; f <= Math.min(wanted, bounded) && clean - f * frame_ms >= view.first_ms - FRAME_MS; f += 1)
    frames.push(read(clean - f * frame_ms, clean - (f - 1) * frame_ms))
  const joined = join(now, frames, unitOf(signal, to - from))
  if (joined === undefined) return EVERYWHERE
  const found = localise({
    dimensions: joined.names,
    now: joined.now,
    before: joined.before,
    kind: signal.nature,
    worse: signal.higher_is_worse ? 'higher' : 'lower',
    top: 3,
  })
  const first = found[0]
  if (first === undefined || first.confidence < NAMED_FROM) return EVERYWHERE
  const cause = Object.fromEntries(
    first.cause
      .map(({ dimension, code }) => [joined.names[dimension]!, joined.values[dimension]![code]!] as const)
      .sort(([a], [b]) => names.indexOf(a) - names.indexOf(b)),
  )
  return { cause, explains: clamp(first.explains), confidence: clamp(first.confidence) }
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share))

/** Gives now and before the same codes, and leaves out what has one value only. */
function join(now: Cells, frames: readonly Cells[], [valueUnit, countUnit]: readonly [number, number]) {
  const all = [now, ...frames]
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
  if (rows === 0) return undefined
  const names: string[] = []
  const values: string[][] = []
  const nowCodes: Int32Array[] = []
  const beforeCodes: Int32Array[] = []
  now.dimensions.forEach((name, at) => {
    const codes = new Map<string, number>()
    const recoded = all.map((cells) => {
      const map = cells.values[at]!
      const known = new Int32Array(map.length).fill(-2)
      return Int32Array.from(cells.codes[at]!, (code) => {
        if (known[code] !== -2) return known[code]!
        const text = map[code]!
        let own = -1
        if (text !== '' && text !== OTHER) {
          own = codes.get(text) ?? codes.size
          codes.set(text, own)
        }
        known[code] = own
        return own
      })
    })
    if (codes.size < 2) return
    names.push(name)
    values.push([...codes.keys()])
    nowCodes.push(recoded[0]!)
    const before = new Int32Array(rows)
    let from = 0
    for (const part of recoded.slice(1)) {
      before.set(part, from)
      from += part.length
    }
    beforeCodes.push(before)
  })
  if (names.length === 0) return undefined
  const frame = new Int32Array(rows)
  const value = new Float64Array(rows)
  const count = new Float64Array(rows)
  let from = 0
  frames.forEach((cells, index) => {
    frame.fill(index, from, from + cells.rows)
    value.set(scaled(cells.sums[0]!, valueUnit), from)
    count.set(scaled(cells.sums[1]!, countUnit), from)
    from += cells.rows
  })
  return {
    names,
    values,
    now: {
      codes: nowCodes,
      value: scaled(now.sums[0]!, valueUnit),
      count: scaled(now.sums[1]!, countUnit),
    },
    before: { codes: beforeCodes, value, count, frame },
  }
}

/**
 * What one viewer adds to numerator and denominator in the window looked at. A share of time is one piece of evidence a
 * viewer; a level that is weighted by time is known as well as a measurement every second.
 */
function unitOf(signal: Signal, length_ms: number): readonly [number, number] {
  if (signal.nature === 'level') {
    const unit = signal.denominator.includes('_ms_') ? 1000 : 1
    return [unit, unit]
  }
  const unit = (measure: string) =>
    measure.includes('_ms_sum') ? length_ms : measure === 'sessions_uniq' ? length_ms / SESSION_SLICE_MS : 1
  return [unit(signal.numerator), unit(signal.denominator)]
}

const scaled = (sums: Float64Array, unit: number): Float64Array =>
  unit === 1 ? sums : sums.map((sum) => sum / unit)
