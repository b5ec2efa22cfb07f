import { useRef, useState } from 'preact/hooks'
import { timeOf } from './amount.ts'
import { Plot } from './Plot.tsx'
import { usePlace } from './place.ts'

export type Points = readonly (readonly [ms: number, value: number | null])[]

/** One small chart of many on the same axis. */
export interface ChartRow {
  readonly id: string
  readonly title: string
  /** What it is of, smaller, under the title. */
  readonly about?: string
  /** In order of time; null breaks the line. */
  readonly points: Points
  /** The same of everybody else, at the same times: a quiet line beside it. */
  readonly others?: Points
  readonly text: (value: number) => string
  readonly objective?: number
  readonly objectiveText?: string
  /** What no value exceeds: 1 for shares. */
  readonly limit?: number
  readonly tone?: 'sick' | 'strained' | 'plain'
}

export interface Band {
  readonly from_ms: number
  readonly to_ms: number
  readonly tone: 'incident' | 'round'
  readonly label: string
  readonly href?: string
}

interface ChartsProps {
  readonly rows: readonly ChartRow[]
  readonly bands: readonly Band[]
  readonly from_ms: number
  readonly to_ms: number
  readonly label: string
  /** Dragging by so much: positive is back in time. */
  readonly onDrag?: (by_ms: number) => void
  readonly height?: number
}

/** What is shorter than this part of the axis, per cent, has its name beside it: right of it, or left of it near the end. */
const MOMENT = 4
const LATE = 70

/** Narrower is a phone, as in style/phone.css. */
const PHONE_PX = 720

/** How high a chart is; on a wall all of them must fit. */
const ROW_PX = 56
const WALL_PX = 44

/** What happened, by name, above the charts that it crosses. */
function Lane({
  tone,
  title,
  bands,
  from_ms,
  to_ms,
}: Pick<ChartsProps, 'bands' | 'from_ms' | 'to_ms'> & {
  readonly tone: Band['tone']
  readonly title: string
}) {
  const seen = bands
    .filter((band) => band.tone === tone && band.to_ms > from_ms && band.from_ms < to_ms)
    .sort((a, b) => a.from_ms - b.from_ms)
  if (seen.length === 0) return null
  const at = (ms: number) => ((Math.min(to_ms, Math.max(from_ms, ms)) - from_ms) / (to_ms - from_ms)) * 100
  return (
    <div class={`row lane ${tone === 'incident' ? 'fault' : ''}`}>
      <span class="about">{title}</span>
      <ol>
        {seen.map((band, index) => {
          const [from, to] = [at(band.from_ms), at(band.to_ms)]
          const late = from > LATE
          const moment = to - from <= MOMENT
          const next = seen[index + (late ? -1 : 1)]
          // Its name stands beside it where no other is in the way; on a phone the one before may have its own there.
          const met = late && innerWidth < PHONE_PX && next !== undefined && at(next.from_ms) <= LATE
          const room = met ? 6 * MOMENT : 3 * MOMENT
          const beside =
            moment && (next === undefined || (late ? from - at(next.to_ms) : at(next.from_ms) - to) > room)
          return (
            <li
              key={`${band.label}-${band.from_ms}`}
              class={beside ? (late ? 'moment late' : 'moment') : ''}
              style={
                beside && late ? { right: `${100 - to}%` } : { left: `${from}%`, width: `${to - from}%` }
              }
              title={band.label}
            >
              {band.href === undefined ? band.label : <a href={band.href}>{band.label}</a>}
            </li>
          )
        })}
      </ol>
    </div>
  )
}

/** Small multiples: one row a thing, one time axis for all, read all at one instant under the pointer. */
export function Charts({ rows, bands, from_ms, to_ms, label, onDrag, height }: ChartsProps) {
  const { lang, words, query } = usePlace()
  const high = height ?? (query.has('wall') ? WALL_PX : ROW_PX)
  const [hover, setHover] = useState<number>()
  const drag = useRef<{ x: number; width: number }>()
  const theme = document.documentElement.dataset.theme ?? 'auto'
  const down = (event: PointerEvent) => {
    const plot = (event.target as Element).closest('.plot')
    if (plot && onDrag) drag.current = { x: event.clientX, width: plot.clientWidth }
  }
  const up = (event: PointerEvent) => {
    const began = drag.current
    drag.current = undefined
    if (began === undefined || Math.abs(event.clientX - began.x) < 8) return
    onDrag?.(((event.clientX - began.x) / began.width) * (to_ms - from_ms))
  }
  const incidents = bands.filter(({ tone }) => tone === 'incident')
  const axis = { bands, from_ms, to_ms }
  return (
    <figure
      class={`charts ${onDrag ? 'draggable' : ''}`}
      aria-label={label}
      onPointerDown={down}
      onPointerUp={up}
    >
      <p class={`instant ${hover === undefined ? '' : 'shown'}`} aria-hidden="true">
        {hover === undefined ? '\u00a0' : timeOf(hover, lang, to_ms)}
      </p>
      <Lane {...axis} tone="round" title={words.rounds} />
      <Lane {...axis} tone="incident" title={words.incident} />
      {rows.map((row, index) => {
        const at =
          hover === undefined
            ? row.points.findLast(([, value]) => value !== null)
            : nearest(row.points, hover)
        const value = at?.[1] ?? undefined
        const beside = at === undefined ? undefined : row.others?.find(([ms]) => ms === at[0])?.[1]
        return (
          <div class={`row ${row.tone ?? 'plain'}`} key={row.id} id={row.id}>
            <div class="caption">
              <span class="title">{row.title}</span>
              <span class="now">{value === undefined || value === null ? '–' : row.text(value)}</span>
              <span class="about">{row.about}</span>
              <span class="about end">
                {typeof beside === 'number' ? words.others(row.text(beside)) : row.objectiveText}
              </span>
            </div>
            <Plot
              {...{ row, ...axis, height: high, theme }}
              last={index === rows.length - 1}
              onHover={setHover}
            />
          </div>
        )
      })}
      <figcaption class="hidden">
        {rows
          .map((row) => {
            const value = row.points.findLast((point) => point[1] !== null)?.[1]
            return `${row.title}: ${value === undefined || value === null ? words.no_data : row.text(value)}`
          })
          .concat(incidents.map((band) => band.label))
          .join('; ')}
      </figcaption>
    </figure>
  )
}

function nearest(points: Points, ms: number): readonly [number, number | null] | undefined {
  let found: readonly [number, number | null] | undefined
  for (const point of points)
    if (found === undefined || Math.abs(point[0] - ms) < Math.abs(found[0] - ms)) found = point
  return found !== undefined && Math.abs(found[0] - ms) <= 15_000 ? found : undefined
}
