import { changeText } from '../../schemas/change.ts'
import { count, hour, share } from './amount.ts'
import type { ReportData } from './data.ts'
import { text } from './elements.ts'

const [W, H, LEFT, TOP, BOTTOM] = [920, 150, 56, 10, 22] as const

interface Chart {
  readonly title: string
  readonly values: readonly { readonly at_ms: number; readonly value: number | null }[]
  readonly format: (value: number) => string
  /** A line at this value. */
  readonly objective?: number
}

/** Values over the show's time as SVG, with incidents as bands and changes as dashed lines: readable in black and white too. */
export function chart({ title, values, format, objective }: Chart, data: ReportData, zone: string): string {
  const from = values[0]?.at_ms ?? data.from_ms
  const to = (values.at(-1)?.at_ms ?? data.to_ms) + 60_000
  const top = Math.max(1e-9, objective ?? 0, ...values.map(({ value }) => value ?? 0)) * 1.08
  const x = (at: number) =>
    LEFT + ((Math.min(Math.max(at, from), to) - from) / Math.max(1, to - from)) * (W - LEFT - 8)
  const y = (value: number) => TOP + (1 - value / top) * (H - TOP - BOTTOM)
  const points = values.map(({ at_ms, value }) =>
    value === null ? undefined : `${x(at_ms + 30_000).toFixed(1)},${y(value).toFixed(1)}`,
  )
  // a gap where nothing was measured
  const lines: string[][] = [[]]
  for (const point of points) {
    if (point === undefined) lines.push([])
    else lines.at(-1)!.push(point)
  }
  const base = y(0).toFixed(1)
  const drawn = lines
    .filter((line) => line.length > 0)
    .map((line) => {
      const [first, last] = [line[0]!.split(',')[0], line.at(-1)!.split(',')[0]]
      return line.length === 1
        ? `<circle cx="${first}" cy="${line[0]!.split(',')[1]}" r="2.5" class="dot"/>`
        : `<path d="M${first},${base}L${line.join('L')}L${last},${base}Z" class="area"/><path d="M${line.join('L')}" class="line"/>`
    })
    .join('')
  const bands = data.incidents
    .map(
      ({ began_ms, ended_ms }) =>
        `<rect x="${x(began_ms).toFixed(1)}" y="${TOP}" width="${Math.max(2, x(ended_ms) - x(began_ms)).toFixed(1)}" height="${H - TOP - BOTTOM}" class="band"/>`,
    )
    .join('')
  const marks = data.changes
    .filter(({ at_ms }) => at_ms >= from && at_ms <= to)
    .map(
      (change) =>
        `<g><title>${text(`${hour(change.at_ms, zone)} ${changeText(change)}`)}</title><line x1="${x(change.at_ms).toFixed(1)}" x2="${x(change.at_ms).toFixed(1)}" y1="${TOP}" y2="${H - BOTTOM}" class="change"/><text x="${x(change.at_ms).toFixed(1)}" y="${TOP + 9}" text-anchor="middle">▾</text></g>`,
    )
    .join('')
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => from + part * (to - from))
  const times = ticks
    .map(
      (at, nth) =>
        `<text x="${x(at).toFixed(1)}" y="${H - 6}" text-anchor="${nth === 0 ? 'start' : nth === 4 ? 'end' : 'middle'}">${hour(at, zone)}</text>`,
    )
    .join('')
  const levels = [0, top / 1.08 / 2, top / 1.08]
    .map(
      (value) =>
        `<line x1="${LEFT}" x2="${W - 8}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" class="grid"/><text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${format(value)}</text>`,
    )
    .join('')
  const goal =
    objective === undefined
      ? ''
      : `<line x1="${LEFT}" x2="${W - 8}" y1="${y(objective).toFixed(1)}" y2="${y(objective).toFixed(1)}" class="goal"/>`
  return `<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${title}">${bands}${levels}${drawn}${goal}${marks}${times}</svg></figure>`
}

/** The report’s chart of plays at a time, as SVG. */
export const audienceChart = (data: ReportData, title: string, zone: string): string =>
  chart(
    { title, format: count, values: data.minutes.map(({ at_ms, watching }) => ({ at_ms, value: watching })) },
    data,
    zone,
  )

/** The report’s chart of time stalled with its objective, as SVG. */
export const stallChart = (data: ReportData, title: string, objective: number, zone: string): string =>
  chart(
    {
      title,
      format: share,
      objective,
      values: data.minutes.map(({ at_ms, stall_ratio }) => ({ at_ms, value: stall_ratio })),
    },
    data,
    zone,
  )
