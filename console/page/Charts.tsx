import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { timeOf } from './amount.ts'
import { usePlace } from './place.ts'

/** One small chart of many on the same axis. */
export interface ChartRow {
  readonly id: string
  readonly title: string
  /** What it is of, smaller, under the title. */
  readonly about?: string
  /** Points in order of time; null breaks the line. */
  readonly points: readonly (readonly [ms: number, value: number | null])[]
  readonly text: (value: number) => string
  readonly objective?: number
  readonly objectiveText?: string
  readonly tone?: 'sick' | 'strained' | 'plain'
}

export interface Band {
  readonly from_ms: number
  readonly to_ms: number
  readonly tone: 'incident' | 'round'
  readonly label: string
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

const colour = (element: Element, name: string): string =>
  getComputedStyle(element).getPropertyValue(name).trim()

/** Paints bands behind a chart, and the objective. */
function painter(state: { row: ChartRow; bands: readonly Band[] }): uPlot.Hooks.Arrays {
  return {
    drawClear: [
      (chart) => {
        const { ctx, bbox } = chart
        // uPlot remembers what it set last, so it must find it again
        ctx.save()
        const left = (ms: number) =>
          Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(ms / 1000, 'x', true)))
        for (const band of state.bands) {
          const from = left(band.from_ms)
          const wide = Math.max(2, left(band.to_ms) - from)
          if (from >= bbox.left + bbox.width || from + wide <= bbox.left) continue
          ctx.fillStyle = colour(chart.root, band.tone === 'incident' ? '--band-incident' : '--band-round')
          ctx.fillRect(from, bbox.top, wide, bbox.height)
          if (band.tone === 'incident') {
            ctx.fillStyle = colour(chart.root, '--alarm')
            ctx.fillRect(from, bbox.top, 2 * devicePixelRatio, bbox.height)
          }
        }
        const { objective } = state.row
        const { min, max } = chart.scales.y!
        if (
          objective !== undefined &&
          min !== undefined &&
          max !== undefined &&
          objective >= min &&
          objective <= max
        ) {
          const y = chart.valToPos(objective, 'y', true)
          ctx.strokeStyle = colour(chart.root, '--muted')
          ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
          ctx.lineWidth = devicePixelRatio
          ctx.beginPath()
          ctx.moveTo(bbox.left, y)
          ctx.lineTo(bbox.left + bbox.width, y)
          ctx.stroke()
        }
        ctx.restore()
      },
    ],
  }
}

/** The scale of a chart: from a little under to a little over, 0 where the values are near it, never a magnified calm. */
function range(row: ChartRow): [number, number] {
  const values = row.points.flatMap(([, value]) => (value === null ? [] : [value]))
  if (row.objective !== undefined) values.push(row.objective)
  if (values.length === 0) return [0, 1]
  const high = Math.max(...values)
  const low = Math.min(...values)
  if (low <= high * 0.8) return [Math.min(0, low), high * 1.12 || 1]
  const span = Math.max((high - low) * 2.4, high * 0.12)
  const middle = (high + low) / 2
  return [middle - span / 2, middle + span / 2]
}

interface PlotProps {
  readonly row: ChartRow
  readonly bands: readonly Band[]
  readonly from_ms: number
  readonly to_ms: number
  readonly height: number
  readonly last: boolean
  readonly theme: string
  readonly onHover: (ms: number | undefined) => void
}

const AXIS_PX = 24

function Plot({ row, bands, from_ms, to_ms, height, last, theme, onHover }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>()
  const state = useRef({ row, bands, from_ms, to_ms })
  state.current = Object.assign(state.current, { row, bands, from_ms, to_ms })
  const whole = height + (last ? AXIS_PX : 0)
  useEffect(() => {
    const element = holder.current!
    const muted = colour(element, '--muted')
    const line = colour(
      element,
      row.tone === 'sick' ? '--alarm' : row.tone === 'strained' ? '--warn' : '--accent',
    )
    const made = new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height: whole,
        pxAlign: 1,
        legend: { show: false },
        padding: [4, 8, last ? 0 : 4, 0],
        cursor: {
          sync: { key: 'axis' },
          drag: { x: false, y: false },
          y: false,
          points: { size: 6 },
        },
        scales: {
          x: { time: true, range: () => [state.current.from_ms / 1000, state.current.to_ms / 1000] },
          y: { range: () => range(state.current.row) },
        },
        axes: [
          {
            show: last,
            size: AXIS_PX,
            gap: 4,
            stroke: muted,
            font: '12px system-ui, sans-serif',
            grid: { show: false },
            ticks: { show: false },
            values: (_, splits) =>
              splits.map((at) =>
                new Date(at * 1000).toLocaleTimeString('en-GB', {
                  hour: '2-digit',
                  minute: '2-digit',
                  ...(state.current.to_ms - state.current.from_ms < 600_000 ? { second: '2-digit' } : {}),
                }),
              ),
          },
          { show: false },
        ],
        series: [
          {},
          {
            stroke: line,
            width: 1.5,
            fill: `${line}1f`,
            points: { show: (_, __, first, end) => end - first < 3 },
            spanGaps: false,
          },
        ],
        hooks: {
          ...painter(state.current),
          setCursor: [
            (self) => {
              const index = self.cursor.idx
              const at = index === null || index === undefined ? undefined : self.data[0][index]
              onHover((self.cursor.left ?? -1) < 0 || at === undefined ? undefined : at * 1000)
            },
          ],
        },
      },
      [[], []],
      element,
    )
    chart.current = made
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: whole })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [row.tone, last, whole, theme])
  useEffect(() => {
    const x = row.points.map(([ms]) => ms / 1000)
    const y = row.points.map(([, value]) => value)
    chart.current?.setData([x, y])
  }, [row.points, bands, from_ms, to_ms, row.tone, last, theme])
  return <div class="plot" ref={holder} />
}

/** Small multiples: one row a thing, one time axis for all, read all at one instant under the pointer. */
export function Charts({ rows, bands, from_ms, to_ms, label, onDrag, height = 56 }: ChartsProps) {
  const { lang, words } = usePlace()
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
      {rows.map((row, index) => {
        const at =
          hover === undefined
            ? row.points.findLast(([, value]) => value !== null)
            : nearest(row.points, hover)
        const value = at?.[1] ?? undefined
        return (
          <div class={`row ${row.tone ?? 'plain'}`} key={row.id} id={row.id}>
            <div class="caption">
              <span class="title">{row.title}</span>
              <span class="now">{value === undefined || value === null ? '–' : row.text(value)}</span>
              <span class="about">{row.about}</span>
              <span class="about end">{row.objectiveText}</span>
            </div>
            <Plot
              {...{ row, bands, from_ms, to_ms, height, theme }}
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

function nearest(points: ChartRow['points'], ms: number): readonly [number, number | null] | undefined {
  let found: readonly [number, number | null] | undefined
  for (const point of points)
    if (found === undefined || Math.abs(point[0] - ms) < Math.abs(found[0] - ms)) found = point
  return found !== undefined && Math.abs(found[0] - ms) <= 15_000 ? found : undefined
}
