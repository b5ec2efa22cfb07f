import { render } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import '../../../console/page/style/base.css'
import './preview.css'
import type { PreviewBoard, PreviewPanel, Series } from './panelData.ts'
import { grafanaText } from './units.ts'

/** Shades of blue, as Grafana's mode `shades` makes them. */
const PALETTE = `5794F2 A9CBFF 2A66C8 CFE1FF 3F7FE0 8AB4F8 1F4E9E 6CA3F5`.split(' ').map((hex) => `#${hex}`)
const paint = (index: number): string => PALETTE[index % PALETTE.length]!

const NAMED: Readonly<Record<string, string>> = {
  green: '#73bf69',
  orange: '#ff9830',
  red: '#f2495c',
  yellow: '#fade2a',
  blue: '#5794f2',
  text: 'var(--text)',
}
const colour = (name: string): string => NAMED[name] ?? name

type Of<T extends PreviewPanel['type']> = Extract<PreviewPanel, { type: T }>

/** All series on the union of their times; a point further than `gap_ms` from the one before breaks the line. */
function aligned(series: readonly Series[], gap_ms: number, stacked: boolean): uPlot.AlignedData {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b)
  let below = times.map(() => 0)
  const columns = series.map(({ points }) => {
    const at = new Map(points)
    let last = Number.NEGATIVE_INFINITY
    const values = times.map((time) => {
      const value = at.get(time)
      if (value === undefined || value === null) return time - last > gap_ms ? null : undefined
      last = time
      return value
    })
    if (!stacked) return values
    below = below.map((sum, index) => sum + (values[index] ?? 0))
    return [...below]
  })
  return [times.map((time) => time / 1000), ...columns] as uPlot.AlignedData
}

function rangeOf(panel: Of<'lines'>, low: number | null, high: number | null): [number, number] {
  let [min, max] = [low ?? 0, high ?? 1]
  if (panel.softMin !== undefined) min = Math.min(min, panel.softMin)
  if (panel.softMax !== undefined) max = Math.max(max, panel.softMax)
  if (min === max) [min, max] = [min - Math.abs(min) * 0.1, max + Math.abs(max) * 0.1 || 1]
  const pad = (max - min) * 0.08
  return [panel.min ?? (min >= 0 && min - pad < 0 ? 0 : min - pad), panel.max ?? max + pad]
}

/** Steps of an axis of counts. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000]

const HEAD_PX = 34
const LEGEND_PX = 22

function Lines({ panel, board, height }: { panel: Of<'lines'>; board: PreviewBoard; height: number }) {
  const holder = useRef<HTMLDivElement>(null)
  const paintOf = (index: number): string => {
    const own = panel.colors[panel.series[index]?.name ?? '']
    return own === undefined ? paint(index) : colour(own)
  }
  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const style = getComputedStyle(element)
    const muted = style.getPropertyValue('--muted').trim()
    const grid = style.getPropertyValue('--line').trim()
    const order = panel.stacked ? [...panel.series.keys()].reverse() : [...panel.series.keys()]
    const data = aligned(panel.series, panel.gap_ms, panel.stacked)
    const drawn = [data[0], ...order.map((index) => data[index + 1])] as uPlot.AlignedData
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: height - HEAD_PX - (panel.legend ? LEGEND_PX : 0),
        legend: { show: false },
        cursor: { sync: { key: board.name }, drag: { x: false, y: false } },
        scales: {
          x: { time: true, range: [board.from_ms / 1000, board.to_ms / 1000] },
          y: { range: (_, low, high) => rangeOf(panel, low, high) },
        },
        axes: [
          {
            stroke: muted,
            grid: { stroke: grid, width: 1 },
            ticks: { show: false },
            size: 26,
            font: '11px system-ui',
            values: (_, at) =>
              at.map((s) =>
                new Date(s * 1000).toISOString().slice(11, board.to_ms - board.from_ms < 600_000 ? 19 : 16),
              ),
          },
          {
            stroke: muted,
            grid: { stroke: grid, width: 1 },
            ticks: { show: false },
            size: 72,
            font: '11px system-ui',
            ...(panel.decimals === 0 && { incrs: WHOLE_STEPS }),
            values: (_, at) => at.map((value) => grafanaText(panel.unit, value, panel.decimals)),
          },
        ],
        series: [
          {},
          ...order.map((index) => ({
            stroke: paintOf(index),
            width: 1.5,
            fill: `${paintOf(index)}${Math.round((panel.fill / 100) * 255)
              .toString(16)
              .padStart(2, '0')}`,
            points: { show: !panel.bars && (panel.series[index]?.points.length ?? 0) < 3 },
            ...(panel.bars && { paths: uPlot.paths.bars!({ size: [0.7, 40] }) }),
          })),
        ],
        hooks: {
          drawClear: [
            (chart) => {
              const { ctx, bbox } = chart
              const x = (ms: number) =>
                Math.min(bbox.left + bbox.width, Math.max(bbox.left, chart.valToPos(ms / 1000, 'x', true)))
              ctx.save()
              for (const { from_ms, to_ms } of board.incidents) {
                ctx.fillStyle = '#f2495c1c'
                ctx.fillRect(x(from_ms), bbox.top, Math.max(1, x(to_ms) - x(from_ms)), bbox.height)
                ctx.fillStyle = '#f2495c'
                ctx.fillRect(x(from_ms), bbox.top, 1.5, bbox.height)
              }
              for (const { value, color } of panel.thresholds) {
                const { min, max } = chart.scales.y!
                if (value === null || value < min! || value > max!) continue
                ctx.strokeStyle = colour(color)
                ctx.setLineDash([6, 5])
                ctx.beginPath()
                ctx.moveTo(bbox.left, chart.valToPos(value, 'y', true))
                ctx.lineTo(bbox.left + bbox.width, chart.valToPos(value, 'y', true))
                ctx.stroke()
              }
              ctx.restore()
            },
          ],
        },
      },
      drawn,
      element,
    )
    return () => made.destroy()
  }, [panel])
  if (panel.series.length === 0) return <p class="none">{panel.none}</p>
  return (
    <>
      <div class="lines" ref={holder} />
      {panel.legend && (
        <p class="legend">
          {panel.series.map(({ name }, index) => (
            <span key={name}>
              <i style={{ background: paintOf(index) }} />
              {name}
            </span>
          ))}
        </p>
      )}
    </>
  )
}

function Stat({ panel }: { panel: Of<'stat'> }) {
  const values = panel.spark.flatMap(([at, value]) => (value === null ? [] : [[at, value] as const]))
  const [first, last] = [values[0]?.[0] ?? 0, values.at(-1)?.[0] ?? 1]
  const high = Math.max(...values.map(([, value]) => value), 1e-9)
  const path = values
    .map(([at, value]) => `${((at - first) / Math.max(1, last - first)) * 100},${100 - (value / high) * 90}`)
    .join(' ')
  return (
    <div class="stat" style={{ color: colour(panel.color) }}>
      {values.length > 1 && (
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polygon points={`0,100 ${path} 100,100`} fill="currentColor" opacity="0.15" />
        </svg>
      )}
      <b>{panel.text}</b>
    </div>
  )
}

const Table = ({ panel }: { panel: Of<'table'> }) =>
  panel.rows.length === 0 ? (
    <p class="none">No data</p>
  ) : (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {panel.columns.map(({ name, number, width }) => (
              <th key={name} class={number ? 'n' : ''} style={width ? { width: `${width}px` } : {}}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {panel.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td
                  key={column}
                  title={cell.text}
                  class={`${panel.columns[column]!.number ? 'n' : ''} ${cell.link ? 'link' : ''}`}
                  style={{
                    ...(cell.color !== undefined && { color: colour(cell.color) }),
                    ...(panel.columns[column]!.width !== undefined && {
                      maxWidth: `${panel.columns[column]!.width}px`,
                    }),
                  }}
                >
                  {cell.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

function Bars({ panel }: { panel: Of<'bars'> }) {
  const sum = (values: readonly (number | null)[]) =>
    values.reduce<number>((all, each) => all + (each ?? 0), 0)
  const most = Math.max(
    ...panel.bars.map(({ values }) => (panel.stacked ? sum(values) : Math.max(...values.map((v) => v ?? 0)))),
    1e-9,
  )
  return (
    <>
      <dl class="bars">
        {panel.bars.map(({ name, values }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {values.map((value, index) => (
                <span
                  key={panel.names[index]}
                  style={{ width: `${((value ?? 0) / most) * 100}%`, background: paint(index) }}
                >
                  {value !== null && value / most > 0.06 ? grafanaText(panel.unit, value) : ''}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p class="legend">
        {panel.names.map((name, index) => (
          <span key={name}>
            <i style={{ background: paint(index) }} />
            {name}
          </span>
        ))}
      </p>
    </>
  )
}

function States({ panel, board }: { panel: Of<'states'>; board: PreviewBoard }) {
  const all = [...new Set(panel.rows.flatMap(({ spans }) => spans.map(({ text }) => text)))]
  const left = (ms: number) =>
    ((Math.max(ms, board.from_ms) - board.from_ms) / (board.to_ms - board.from_ms)) * 100
  if (panel.rows.length === 0) return <p class="none">No data</p>
  return (
    <div class="states">
      {panel.rows.map(({ name, spans }) => (
        <div key={name}>
          <span class="name">{name}</span>
          <span class="track">
            {spans.map(({ from_ms, to_ms, text, color }) => (
              <span
                key={from_ms}
                title={text}
                style={{
                  left: `${left(from_ms)}%`,
                  width: `${Math.max(0.1, left(to_ms) - left(from_ms))}%`,
                  background: color ? colour(color) : paint(all.indexOf(text)),
                }}
              >
                {left(to_ms) - left(from_ms) > 4 ? text : ''}
              </span>
            ))}
          </span>
        </div>
      ))}
    </div>
  )
}

const ROW_PX = 30
const GAP_PX = 8

function PanelBox({ panel, board }: { panel: PreviewPanel; board: PreviewBoard }) {
  const { x, y, w, h } = panel.grid
  const height = h * ROW_PX + (h - 1) * GAP_PX
  const place = { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}` }
  if (panel.type === 'row')
    return (
      <h2 class="row" style={place}>
        ▾ {panel.title}
      </h2>
    )
  return (
    <section class="box" style={{ ...place, height: `${height}px` }} title={panel.description}>
      <h3>
        {panel.title} <span class="info">ⓘ</span>
      </h3>
      {panel.type === 'lines' && <Lines panel={panel} board={board} height={height} />}
      {panel.type === 'stat' && <Stat panel={panel} />}
      {panel.type === 'table' && <Table panel={panel} />}
      {panel.type === 'bars' && <Bars panel={panel} />}
      {panel.type === 'states' && <States panel={panel} board={board} />}
      {panel.type === 'failed' && <p class="none">{panel.message}</p>}
    </section>
  )
}

const stamp = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19)

function Board({ board }: { board: PreviewBoard }) {
  return (
    <article id={board.name}>
      <header>
        <h1>{board.title}</h1>
        <span class="time">
          {stamp(board.from_ms)} – {stamp(board.to_ms)} UTC
        </span>
        <p>{board.about}</p>
        <ul>
          {board.variables.map(([label, value]) => (
            <li key={label}>
              <span>{label}</span> {value || '–'}
            </li>
          ))}
        </ul>
      </header>
      <div class="grid">
        {board.panels.map((panel, index) => (
          <PanelBox key={index} panel={panel} board={board} />
        ))}
      </div>
    </article>
  )
}

const all = JSON.parse(document.getElementById('boards')!.textContent!) as PreviewBoard[]

function Page() {
  const chosen = location.hash.slice(1)
  const board = all.find(({ name }) => name === chosen) ?? all[0]!
  return (
    <>
      <nav>
        {all.map(({ name, title }) => (
          <a key={name} href={`#${name}`} aria-current={name === board.name}>
            {title.replace(/^Firstframe · /, '')}
          </a>
        ))}
      </nav>
      <Board board={board} key={board.name} />
    </>
  )
}

const show = () => render(<Page />, document.getElementById('app')!)
addEventListener('hashchange', show)
show()
document.body.dataset.drawn = 'yes'
