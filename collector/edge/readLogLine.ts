import type { NumberReader } from '../../schemas/readNumber.ts'
import { isoTime_ms } from '../../schemas/readTime.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { Duration, FieldMap } from './fieldMap.ts'
import { innerRecords } from './shippers.ts'

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
  /** The host of the page that asked, lower case; undefined where there is none, as in apps. */
  readonly referer: string | undefined
  /** The CMCD argument, percent-decoded. */
  readonly cmcd: string | undefined
  /** What the edge asked its origin or shield for this request, where the log says so. */
  readonly origin?: { readonly node: string; readonly status: number; readonly ttfb_ms: number | undefined }
}

type Fields = Readonly<Record<string, unknown>>

const bad = (detail: string): Refusal => ({ code: 'bad_log_line', detail })

/** Fewer columns than this of a tab-separated line: the line is not of this format, or was cut. */
const LEAST_COLUMNS = 21

/** What a log shipper writes in front of a record: `<134>2026-11-20T12:00:00Z cache-fra123 live[42]: {…` */
const SYSLOG = /^(?:\d+ )?<\d{1,3}>[^{\t]{0,300}(?=\{)/

/** A line's fields by their names, or in words why there are none. */
function fieldsOf(line: string, map: FieldMap, columns: readonly string[] | undefined): Fields | string {
  const names = columns ?? map.columns
  const text = line.replace(SYSLOG, '')
  if (names === undefined || text.startsWith('{')) {
    try {
      const value: unknown = JSON.parse(text)
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Fields)
        : 'no object'
    } catch {
      return 'no JSON'
    }
  }
  const parts = line.split('\t')
  // CloudFront adds fields at the end: a line of an older or newer configuration has fewer or more than our list.
  const needed = columns === undefined ? Math.min(LEAST_COLUMNS, names.length) : names.length
  if (parts.length < needed) return `${parts.length} columns; ${needed} are needed`
  return Object.fromEntries(names.map((name, index) => [name, parts[index]]))
}

/** A field's value; a name with dots reaches into objects. */
function fieldOf(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  if (!name.includes('.')) return undefined
  let value: unknown = fields
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Fields)[part]
  }
  return value
}

const present = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== '-'

/** A field as text; '' where it is missing or `-`. */
const textOf = (value: unknown): string => (present(value) && typeof value !== 'object' ? String(value) : '')

/** `27/Nov/2026:18:16:10 +0800`, as Apache, nginx and Tomcat write it. */
const COMMON_LOG = /^\[?(\d{1,2})\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d(?:\.\d+)?) ?([-+]\d{4}|Z)?\]?$/
/** `20261127T181610Z`. */
const BASIC_ISO = /^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)(\.\d+)?Z?$/

/**
 * ms since the epoch of ISO 8601, an HTTP date, the common log's form, or a number whose size tells its unit; NaN where it
 * is none. A time without a zone is UTC: a log is not written in the zone of whoever reads it.
 */
export function logTime_ms(text: string): number {
  const iso = isoTime_ms(text)
  if (!Number.isNaN(iso)) return iso
  const common = COMMON_LOG.exec(text)
  if (common !== null) {
    const [, day, month, year, time, zone = '+0000'] = common
    return Date.parse(`${day} ${month} ${year} ${time} ${zone}`)
  }
  if (/^[A-Z][a-z]{2}, \d/.test(text)) return Date.parse(text)
  const basic = BASIC_ISO.exec(text)
  if (basic !== null && /^(19|20)\d\d$/.test(basic[1]!)) {
    const [, year, month, day, hour, minute, second, fraction = ''] = basic
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`)
  }
  if (!/^\d+(\.\d+)?(e\+?\d+)?$/i.test(text)) return Number.NaN
  const number = Number(text)
  if (number > 1e17) return number / 1e6
  if (number > 1e14) return number / 1e3
  return number > 1e11 ? number : number * 1000
}

/** A shipper's record around the CDN's: what is inside counts where the outer one has no status. */
function unwrapped(outer: Fields, map: FieldMap, columns: readonly string[] | undefined): Fields {
  const has = (fields: Fields) => map.status.some((name) => present(fieldOf(fields, name)))
  let record = outer
  for (let depth = 0; depth < 3 && !has(record); depth += 1) {
    const inner = innerRecords(record)
      .map((each) => (typeof each === 'string' ? fieldsOf(each.trim(), map, columns) : each))
      .filter((each) => typeof each !== 'string')
    const next = inner.find(has) ?? inner[0]
    if (next === undefined) return outer
    record = next
  }
  // A shipper's own time counts where the record has none.
  return has(record) ? { ...outer, ...record } : outer
}

const TO_MS = { s: 1_000, ms: 1, ns: 1e-6 } as const
const LONGEST_MS = 3_600_000

/** A log line of a CDN, or an object parsed from one → what is counted of it, or why it cannot be read. */
export function readLogLine(
  line: string | Fields,
  map: FieldMap,
  number: NumberReader,
  columns?: readonly string[],
): EdgeRequest | Refusal {
  const outer = typeof line === 'string' ? fieldsOf(line, map, columns) : line
  if (typeof outer === 'string') return bad(outer)
  const fields = unwrapped(outer, map, columns)
  const first = (names: readonly string[] = []): unknown =>
    names.map((name) => fieldOf(fields, name)).find(present)
  const missing = (names: readonly string[]): Refusal =>
    bad(`${names[0]}: ${textOf(first(names)).slice(0, 40) || 'missing'}`)
  const duration = ({ fields: names, unit }: Duration): number | undefined => {
    const value = number(names[0]!, first(names), { unit })
    return value === undefined ? undefined : Math.min(LONGEST_MS, value * TO_MS[unit])
  }
  const time_ms = logTime_ms(textOf(first(map.time)) || dateAndTime(fields))
  if (!Number.isFinite(time_ms)) return missing(map.time)
  const status = statusOf(first(map.status))
  if (status === undefined) return missing(map.status)
  const address = textOf(first(map.path))
  if (address === '') return missing(map.path)
  const mark = address.indexOf('?')
  const query = mark < 0 ? textOf(first(map.query)) : address.slice(mark + 1)
  const request: EdgeRequest = {
    time_ms: Math.round(time_ms),
    edge: textOf(first(map.edge)),
    path: pathOf(mark < 0 ? address : address.slice(0, mark)),
    status,
    bytes: Math.round(number(map.bytes[0]!, first(map.bytes), { unit: 'bytes' }) ?? 0),
    ttfb_ms: map.ttfb === undefined ? undefined : duration(map.ttfb),
    hit: map.cache.hit.test(String(first(map.cache.fields) ?? '')),
    referer: refererOf(textOf(first(map.referer))),
    cmcd: cmcdOf(textOf(first(map.cmcd)), query),
  }
  const origin = map.origin
  if (origin === undefined) return request
  const answered = statusOf(first(origin.status)) ?? 0
  const ttfb_ms = origin.ttfb === undefined ? undefined : duration(origin.ttfb)
  if (answered === 0 && ttfb_ms === undefined) return request
  const node =
    textOf(first(origin.node))
      .split(/[,\s]/)
      .findLast((part) => part !== '') ?? ''
  const own_ms = ttfb_ms ?? (request.hit ? undefined : request.ttfb_ms)
  return { ...request, origin: { node: node || 'origin', status: answered || status, ttfb_ms: own_ms } }
}

/** CloudFront's standard logs write the day and the time of day apart. */
function dateAndTime(fields: Fields): string {
  const [date, time] = [textOf(fields.date), textOf(fields.time)]
  return date === '' || time === '' ? '' : `${date}T${time}Z`
}

/**
 * A status as a number or as text, with or without its words (`200 OK`, `HTTP/1.1 200`). Where several servers were asked
 * in turn (`502, 200`) the last one's counts. 0 and `000`: the viewer left before an answer.
 */
function statusOf(value: unknown): number | undefined {
  const last =
    textOf(value)
      .split(/[,:]\s+/)
      .at(-1) ?? ''
  const found = /^(?:HTTP\/[\d.]+ )?(\d{1,3})(?:\.0+)?(?: [a-z -]+)?$/i.exec(last.trim())
  return found === null ? undefined : Number(found[1])
}

const pathOf = (address: string): string => address.replace(/^https?:\/\/[^/]+/, '')

/** The host of an address, or the host itself; some logs escape it. */
function refererOf(text: string): string | undefined {
  const host = /^(?:https?:\/\/)?([^/?#:@\s]+)/i.exec(decoded(text))?.[1]
  return host?.toLowerCase().slice(0, 253)
}

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
