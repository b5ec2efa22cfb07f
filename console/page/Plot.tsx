import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { unionOf } from '../incidentGroups.ts'
import { type Band, type ChartRow, gapsOf, nearestPoint } from './chartRow.ts'
import { scaleOf } from './scale.ts'

interface PlotProps {
  readonly row: ChartRow
  readonly bands: readonly Band[]
  readonly from_ms: number
  readonly to_ms: number
  readonly height: number
  /** It has the axis of time. */
  readonly last: boolean
  readonly theme: string
  readonly onHover: (ms: number | undefined) => void
}

/** The colour of a row's line. */
const LINES = { sick: '--alarm', strained: '--warn', plain: '--accent', over: '--quiet' } as const

/** The colour of a band; a change is a line. */
const BANDS = { incident: '--band-incident', round: '--band-round', change: '--muted' } as const

const AXIS_PX = 24
/** Room of half a time under the axis: a time nearer to an end would be cut off. */
const TIME_PX = 28

const pixels = (element: Element, name: string): number => Number.parseFloat(colour(element, name))
const colour = (element: Element, name: string): string =>
  getComputedStyle(element).getPropertyValue(name).trim()

type Scene = Pick<PlotProps, 'row' | 'bands' | 'from_ms' | 'to_ms'>

/** The value at the pointer stands beside it, left of it near the right end. */
function showTip(chart: uPlot, { row }: Scene, tip: HTMLElement): void {
  const { left = -1 } = chart.cursor
  const at = left < 0 ? undefined : nearestPoint(row, chart.posToVal(left, 'x') * 1000)
  const value = at?.[1]
  tip.hidden = typeof value !== 'number'
  if (typeof value !== 'number') return
  tip.textContent = row.text(value)
  const wide = chart.bbox.width / devicePixelRatio
  const late = left > wide * 0.8
  tip.style.left = late ? 'auto' : `${left + 8}px`
  tip.style.right = late ? `${chart.over.parentElement!.clientWidth - left + 8}px` : 'auto'
}

/** Distance of the lines of a hatched gap, px. */
const HATCH_PX = 8

/** Hatches a stretch in which nothing was measured. */
function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, wide: number, high: number): void {
  ctx.save()
  ctx.beginPath()
  ctx.rect(x, y, wide, high)
  ctx.clip()
  ctx.beginPath()
  const step = HATCH_PX * devicePixelRatio
  for (let at = Math.floor((x - high) / step) * step; at < x + wide; at += step) {
    ctx.moveTo(at, y + high)
    ctx.lineTo(at + high, y)
  }
  ctx.stroke()
  ctx.restore()
}

/** Paints bands and gaps behind a chart, the objective, and the ends of the scale beside it. */
function paint(chart: uPlot, { row, bands, to_ms }: Scene): void {
  const { ctx, bbox } = chart
  // uPlot remembers what it set last, so it must find it again
  ctx.save()
  const left = (ms: number) =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(ms / 1000, 'x', true)))
  // The union of all bands of a kind is painted once: twelve incidents are as faint as one.
  for (const tone of ['round', 'incident', 'change'] as const)
    for (const span of unionOf(bands.filter((band) => band.tone === tone))) {
      const from = left(span.from_ms)
      const wide = Math.max(2, left(span.to_ms) - from)
      if (from >= bbox.left + bbox.width || from + wide <= bbox.left) continue
      ctx.fillStyle = colour(chart.root, BANDS[tone])
      ctx.fillRect(from, bbox.top, tone === 'change' ? devicePixelRatio : wide, bbox.height)
      if (tone === 'incident' && from > bbox.left) {
        ctx.fillStyle = colour(chart.root, '--alarm')
        ctx.fillRect(from, bbox.top, 2 * devicePixelRatio, bbox.height)
      }
    }
  ctx.strokeStyle = colour(chart.root, '--hatch')
  ctx.lineWidth = devicePixelRatio
  for (const gap of gapsOf(row, to_ms)) {
    const from = left(gap.from_ms)
    hatch(ctx, from, bbox.top, left(gap.to_ms) - from, bbox.height)
  }
  const { min = 0, max = 1 } = chart.scales.y!
  ctx.fillStyle = colour(chart.root, '--muted')
  ctx.font = `${(pixels(chart.root, '--s') - 1) * devicePixelRatio}px system-ui, sans-serif`
  ctx.textAlign = 'left'
  const at = bbox.left + bbox.width + 8 * devicePixelRatio
  ctx.textBaseline = 'top'
  ctx.fillText(row.text(max), at, bbox.top)
  ctx.textBaseline = 'alphabetic'
  ctx.fillText(min === 0 ? '0' : row.text(min), at, bbox.top + bbox.height)
  const { objective } = row
  if (objective !== undefined && objective >= min && objective <= max) {
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
}

function range(row: ChartRow): [number, number] {
  const values = [...row.points, ...(row.others ?? [])].flatMap(([, value]) =>
    value === null ? [] : [value],
  )
  return scaleOf({ values, objective: row.objective, limit: row.limit, whole: row.whole })
}

function timesOf(chart: uPlot, splits: readonly number[]): string[] {
  const fine = splits.length > 1 && splits[1]! - splits[0]! < 60
  const wide = chart.bbox.width / devicePixelRatio
  return splits.map((at) => {
    const from = chart.valToPos(at, 'x')
    if (from < TIME_PX || from > wide - TIME_PX) return ''
    return new Date(at * 1000).toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      ...(fine ? { second: '2-digit' } : {}),
    })
  })
}

function optionsOf(
  element: HTMLElement,
  scene: Scene,
  {
    last,
    whole,
    onHover,
    tip,
  }: { last: boolean; whole: number; onHover: PlotProps['onHover']; tip: HTMLElement },
): uPlot.Options {
  const { row } = scene
  const muted = colour(element, '--muted')
  const line = colour(element, LINES[row.tone ?? 'plain'])
  // Few points are seen as points, many as a line.
  const points = { show: (_: uPlot, __: number, first: number, end: number) => end - first < 3 }
  return {
    width: Math.max(80, element.clientWidth),
    height: whole,
    pxAlign: 1,
    legend: { show: false },
    // room for the ends of the scale
    padding: [4, pixels(element, '--gutter'), last ? 0 : 4, 0],
    cursor: { sync: { key: 'axis' }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => [scene.from_ms / 1000, scene.to_ms / 1000] },
      y: { range: () => range(scene.row) },
    },
    axes: [
      {
        show: last,
        size: AXIS_PX,
        gap: 4,
        stroke: muted,
        font: `${pixels(element, '--s')}px system-ui, sans-serif`,
        grid: { show: false },
        ticks: { show: false },
        values: timesOf,
        space: pixels(element, '--s') * 8,
      },
      { show: false },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 1.5,
        // An area says how much: only where its bottom is nothing.
        fill: (chart) => (chart.scales.y?.min === 0 ? `${line}1f` : 'transparent'),
        points,
        spanGaps: false,
      },
      { stroke: muted, width: 1, points, spanGaps: false },
    ],
    hooks: {
      drawClear: [(chart) => paint(chart, scene)],
      setCursor: [
        (chart) => {
          const index = chart.cursor.idx
          const at = index === null || index === undefined ? undefined : chart.data[0][index]
          onHover((chart.cursor.left ?? -1) < 0 || at === undefined ? undefined : at * 1000)
          showTip(chart, scene, tip)
        },
      ],
    },
  }
}

/** One chart of many: its line, that of the others if there are any, its objective, and the ends of its scale. */
export function Plot({ row, bands, from_ms, to_ms, height, last, theme, onHover }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>()
  const scene = useRef({ row, bands, from_ms, to_ms })
  scene.current = Object.assign(scene.current, { row, bands, from_ms, to_ms })
  const whole = height + (last ? AXIS_PX : 0)
  useEffect(() => {
    const element = holder.current!
    const tip = document.createElement('span')
    tip.className = 'tip'
    tip.hidden = true
    const made = new uPlot(
      optionsOf(element, scene.current, { last, whole, onHover, tip }),
      [[], [], []],
      element,
    )
    element.append(tip)
    chart.current = made
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width)
        made.setSize({ width: element.clientWidth, height: whole })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      tip.remove()
      made.destroy()
    }
  }, [row.tone, last, whole, theme])
  useEffect(() => {
    const others = new Map(row.others)
    chart.current?.setData([
      row.points.map(([ms]) => ms / 1000),
      row.points.map(([, value]) => value),
      row.points.map(([ms]) => others.get(ms) ?? null),
    ])
  }, [row.points, row.others, bands, from_ms, to_ms, row.tone, last, whole, theme])
  return <div class="plot" ref={holder} />
}
