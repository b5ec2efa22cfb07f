import type { Refusal } from '../../schemas/reasons.ts'
import type { FieldMap } from './fieldMap.ts'

/** One request that an edge answered. */
export interface EdgeRequest {
  readonly time_ms: number
  readonly edge: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly ttfb_ms: number | undefined
  readonly hit: boolean
  /** The CMCD argument, percent-decoded. */
  readonly cmcd: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

const bad = (detail: string): Refusal => ({ code: 'bad_log_line', detail })

/** A line's fields by their names, or in words why there are none. */
function fieldsOf(line: string, map: FieldMap): Fields | string {
  if (map.columns === undefined || line.startsWith('{')) {
    try {
      const value: unknown = JSON.parse(line)
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Fields)
        : 'no object'
    } catch {
      return 'no JSON'
    }
  }
  const parts = line.split('\t')
  if (parts.length < map.columns.length) return `${parts.length} columns; ${map.columns.length} are needed`
  return Object.fromEntries(map.columns.map((name, index) => [name, parts[index]]))
}

/** A log line of a CDN → what is counted of it, or why it cannot be read. */
export function readLogLine(line: string, map: FieldMap): EdgeRequest | Refusal {
  const fields = fieldsOf(line, map)
  if (typeof fields === 'string') return bad(fields)
  const text = (name: string | undefined): string => {
    const value = name === undefined ? undefined : fields[name]
    return value === undefined || value === null || value === '-' ? '' : String(value)
  }
  const number = (name: string): number | undefined => {
    const value = text(name)
    return value === '' || !Number.isFinite(Number(value)) ? undefined : Number(value)
  }
  const { field, unit } = map.time
  const time =
    unit === 'iso' ? Date.parse(text(field)) : (number(field) ?? Number.NaN) * (unit === 's' ? 1000 : 1)
  if (!Number.isFinite(time)) return bad(`${field}: ${text(field).slice(0, 40) || 'missing'}`)
  const status = number(map.status)
  if (status === undefined) return bad(`${map.status}: ${text(map.status).slice(0, 40) || 'missing'}`)
  const address = text(map.path)
  if (address === '') return bad(`${map.path}: missing`)
  const mark = address.indexOf('?')
  const query = mark < 0 ? text(map.query) : address.slice(mark + 1)
  const ttfb = map.ttfb === undefined ? undefined : number(map.ttfb.field)
  return {
    time_ms: Math.round(time),
    edge: map.edge.map(text).find((name) => name !== '') ?? '',
    path: pathOf(mark < 0 ? address : address.slice(0, mark)),
    status,
    bytes: Math.max(0, Math.round(number(map.bytes) ?? 0)),
    ttfb_ms: ttfb === undefined || ttfb < 0 ? undefined : ttfb * (map.ttfb?.unit === 's' ? 1000 : 1),
    hit: map.cache.hit.includes(text(map.cache.field)),
    cmcd: cmcdOf(text(map.cmcd), query),
  }
}

const pathOf = (address: string): string => address.replace(/^https?:\/\/[^/]+/, '')

function cmcdOf(own: string, query: string): string | undefined {
  // Akamai writes a version in front: `//1.0@V/bl=…`.
  if (own !== '') return decoded(own.replace(/^\/\/[^/]*\//, ''))
  for (const part of [query, decoded(query)]) {
    const value = new URLSearchParams(part).get('CMCD')
    // Logged queries are often escaped a second time; CMCD itself has an equals sign in all but the barest records.
    if (value !== null) return value.includes('=') ? value : decoded(value)
  }
  return undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
