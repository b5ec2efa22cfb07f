import { useRef, useState } from 'preact/hooks'
import { lengthOf, timeOf } from './amount.ts'
import { type Band, type ChartRow, captionOf, nearestPoint } from './chartRow.ts'
import { Lanes } from './Lane.tsx'
import { Plot } from './Plot.tsx'
import { usePlace } from './place.ts'

interface ChartsProps {
  readonly rows: readonly ChartRow[]
  readonly bands: readonly Band[]
  readonly from_ms: number
  readonly to_ms: number
  readonly label: string
  /** A stretch was chosen by dragging. */
  readonly onZoom?: (from_ms: number, to_ms: number) => void
  /** The axis was moved by dragging with ⇧: positive is back in time. */
  readonly onPan?: (by_ms: number) => void
  readonly height?: number
  /** Nothing new can come, or all of it is over: no value is current. */
  readonly old?: boolean
}

/** How high a chart is; on a wall all of them must fit. */
const ROW_PX = 56
const WALL_PX = 36
/** A shorter drag is a click. */
const DRAG_PX = 8

interface Drag {
  readonly x: number
  readonly left: number
  readonly width: number
  readonly pans: boolean
}

/** Small multiples: one row a thing, one time axis for all, read all at one instant under the pointer. */
export function Charts({
  rows,
  bands,
  from_ms,
  to_ms,
  label,
  onZoom,
  onPan,
  height,
  old = false,
}: ChartsProps) {
  const { lang, words, query } = usePlace()
  const high = height ?? (query.has('wall') ? WALL_PX : ROW_PX)
  const [hover, setHover] = useState<number>()
  const [chosen, choose] = useState<{ readonly left: number; readonly width: number }>()
  const [moved_ms, move] = useState(0)
  const drag = useRef<Drag>()
  const theme = document.documentElement.dataset.theme ?? 'auto'
  const length = to_ms - from_ms
  const down = (event: PointerEvent) => {
    const plot = (event.target as Element).closest('.u-over')
    if (plot === null || onZoom === undefined || event.button !== 0) return
    const { left, width } = plot.getBoundingClientRect()
    drag.current = { x: event.clientX, left, width, pans: event.shiftKey && onPan !== undefined }
  }
  const over = (event: PointerEvent) => {
    const began = drag.current
    if (began === undefined) return
    const by = event.clientX - began.x
    if (began.pans) return move((by / began.width) * length)
    const holder = (event.currentTarget as Element).getBoundingClientRect()
    choose({ left: Math.min(began.x, event.clientX) - holder.left, width: Math.abs(by) })
  }
  const up = (event: PointerEvent) => {
    const began = drag.current
    drag.current = undefined
    choose(undefined)
    move(0)
    if (began === undefined || Math.abs(event.clientX - began.x) < DRAG_PX) return
    const at = (x: number) => from_ms + Math.min(1, Math.max(0, (x - began.left) / began.width)) * length
    if (began.pans) return onPan?.(((event.clientX - began.x) / began.width) * length)
    const [a, b] = [at(began.x), at(event.clientX)]
    onZoom?.(Math.min(a, b), Math.max(a, b))
  }
  const axis = { bands, from_ms: from_ms - moved_ms, to_ms: to_ms - moved_ms }
  return (
    <figure
      class={`charts ${onZoom ? 'draggable' : ''}`}
      aria-label={label}
      onPointerDown={down}
      onPointerMove={over}
      onPointerUp={up}
      onPointerLeave={() => {
        drag.current = undefined
        choose(undefined)
        move(0)
      }}
    >
      <p class={`instant ${hover === undefined ? '' : 'shown'}`} aria-hidden="true">
        {hover === undefined ? '\u00a0' : timeOf(hover, lang, to_ms)}
      </p>
      {chosen !== undefined && (
        <span class="chosen" style={{ left: `${chosen.left}px`, width: `${chosen.width}px` }} />
      )}
      <Lanes {...axis} tone="round" title={words.rounds} />
      <Lanes {...axis} tone="change" title={words.changes} />
      <Lanes {...axis} tone="incident" title={words.incident} />
      {rows.map((row, index) => (
        <div class={`row ${row.tone ?? 'plain'}`} key={row.id} id={row.id}>
          <Caption {...{ row, hover, to_ms, old }} />
          <Plot
            {...{ row, ...axis, height: high, theme }}
            last={index === rows.length - 1}
            onHover={setHover}
          />
        </div>
      ))}
      <figcaption class="hidden">
        {rows
          .map((row) => {
            const { value } = captionOf(row, to_ms)
            return `${row.title}: ${value === undefined ? words.no_data : row.text(value)}`
          })
          .concat(bands.filter(({ tone }) => tone === 'incident').map((band) => band.label))
          .join('; ')}
      </figcaption>
    </figure>
  )
}

/** A row's name, and its value now or under the pointer; without a current value since when there is none. */
function Caption({
  row,
  hover,
  to_ms,
  old,
}: {
  readonly row: ChartRow
  readonly hover: number | undefined
  readonly to_ms: number
  readonly old: boolean
}) {
  const { words, lang } = usePlace()
  const now = captionOf(row, to_ms)
  const at = hover === undefined ? undefined : nearestPoint(row, hover)
  const value = hover === undefined ? now.value : (at?.[1] ?? undefined)
  const beside =
    hover === undefined
      ? row.others && captionOf({ points: row.others, step_ms: row.step_ms }, to_ms).value
      : row.others?.find(([ms]) => ms === at?.[0])?.[1]
  const silent = hover === undefined && !old && now.silent_ms !== undefined
  const was = old && hover === undefined ? (now.value ?? now.was) : undefined
  return (
    <div class="caption">
      {row.href === undefined ? (
        <span class="title">{row.title}</span>
      ) : (
        <a class="title" href={row.href}>
          {row.title}
        </a>
      )}
      <span class={`now ${silent || was !== undefined ? 'gone' : ''}`}>
        {was !== undefined
          ? words.was(row.text(was))
          : value !== undefined && value !== null
            ? row.text(value)
            : silent
              ? words.no_report(lengthOf(now.silent_ms!, lang))
              : '–'}
      </span>
      <span class="about">{row.about}</span>
      <span class="about end">
        {silent
          ? words.was(row.text(now.was!))
          : typeof beside === 'number'
            ? (row.othersText ?? words.others)(row.text(beside))
            : (row.worstText ?? row.objectiveText)}
      </span>
    </div>
  )
}
