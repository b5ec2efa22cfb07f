import { gunzipSync } from 'node:zlib'
import type { Answer, Inbound } from '../../schemas/eventRoute.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import { isBulkAction, listedRecords, validationCode } from './shippers.ts'

type Fields = Readonly<Record<string, unknown>>

/** One record of a body: a line, or an object where the body is a JSON list. */
export interface LogEntry {
  readonly line: string | Fields
  /** Columns named by a `#Fields:` line above it. */
  readonly columns?: readonly string[]
}

/** A body taken apart. */
export interface LogBody {
  readonly entries: readonly LogEntry[]
  /** How the sender wants to be answered; undefined: as the collector answers everybody. */
  readonly envelope?: Envelope
}

/** A sender with an answer of its own. */
export interface Envelope {
  /** Whether a body that holds no readable line is an error to it. It would send the same again for hours. */
  readonly accepted: () => Answer
  readonly failed: (status: number, code: string) => Answer
}

const GZIP = [0x1f, 0x8b]

/** Bytes as text, unpacked when they are gzip and do not say so; `limit` bounds the unpacked size. */
function textOf(bytes: Buffer, limit: number): string | undefined {
  if (bytes[0] !== GZIP[0] || bytes[1] !== GZIP[1]) return bytes.toString('utf8').replace(/^\uFEFF/, '')
  try {
    return gunzipSync(bytes, { maxOutputLength: limit }).toString('utf8')
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const BULK = /^\{\s*"(?:index|create|update|delete)"/

/** Lines of a text; `#Fields:` lines name the columns of what follows, other `#` lines are comments. */
function linesOf(text: string): LogEntry[] {
  const entries: LogEntry[] = []
  let columns: readonly string[] | undefined
  for (const each of text.split('\n')) {
    // RFC 7464 puts a record separator in front of each text.
    const line = each.replaceAll('\u001e', '').trim()
    const named = /^#Fields:\s*(.+)$/i.exec(line)
    if (named !== null) columns = named[1]!.trim().split(/\s+/)
    else if (line !== '' && !line.startsWith('#') && !(BULK.test(line) && isBulkAction(parsed(line))))
      entries.push({ line, columns })
  }
  return entries
}

/** Records of a JSON list: objects, or lines of text. */
const recordsOf = (list: readonly unknown[]): LogEntry[] =>
  list.flatMap((each) => {
    if (typeof each === 'string') return linesOf(each)
    return { line: isObject(each) ? each : JSON.stringify(each ?? null) }
  })

/** A JSON list of objects, JSON objects with or without anything between them, or lines. */
function entriesOf(text: string): LogEntry[] {
  const start = text.trimStart()[0]
  if (start === '[' || (start === '{' && /^\s*\{\s*\n/.test(text))) {
    const value = parsed(text)
    if (Array.isArray(value)) return recordsOf(value)
    if (isObject(value)) return [{ line: value }]
  }
  // Kinesis and Firehose put records together as they came: often without a line end between them.
  const apart = /\}(?: *|\s*,\s*)\{/.test(text) && start === '{'
  return linesOf(apart ? betweenObjects(text) : text)
}

/** The text with a line end between each two JSON objects; what stands inside an object stays as it is. */
function betweenObjects(text: string): string {
  const pieces: string[] = []
  let depth = 0
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (quoted) {
      if (mark === '\\') at++
      else if (mark === '"') quoted = false
    } else if (mark === '"') quoted = true
    else if (mark === '{' && depth++ === 0) from = at
    else if (mark === '}' && --depth === 0) pieces.push(text.slice(from, at + 1).replace(/\s*\n\s*/g, ' '))
  }
  return depth === 0 ? pieces.join('\n') : text
}

const JSON_TYPE = 'application/json'

/** Amazon Data Firehose: records in base64, and an answer that repeats the request's id. */
function firehose(body: Fields, headers: Inbound['headers']): Envelope | undefined {
  if (!Array.isArray(body.records)) return undefined
  const header = headers['x-amz-firehose-request-id']
  const requestId = typeof body.requestId === 'string' ? body.requestId : header
  if (typeof requestId !== 'string') return undefined
  const timestamp = typeof body.timestamp === 'number' ? body.timestamp : Number(body.timestamp) || 0
  const answer = (status: number, more: object): Answer => ({
    status,
    contentType: JSON_TYPE,
    body: JSON.stringify({ requestId, timestamp, ...more }),
  })
  return {
    accepted: () => answer(200, {}),
    failed: (status, code) => answer(status, { errorMessage: code }),
  }
}

function base64Texts(values: readonly unknown[], limit: number): string[] | undefined {
  let left = limit
  const texts: string[] = []
  for (const value of values) {
    if (typeof value !== 'string') return undefined
    const text = textOf(Buffer.from(value, 'base64'), left)
    if (text === undefined || (left -= text.length) < 0) return undefined
    texts.push(text)
  }
  return texts
}

/** Amazon's CloudWatch Logs puts its messages into an object of its own. */
function cloudWatchMessages(text: string): string | undefined {
  const value = text.startsWith('{"messageType"') ? parsed(text) : undefined
  if (!isObject(value) || !Array.isArray(value.logEvents)) return undefined
  // A control message only asks whether somebody is there.
  if (value.messageType !== 'DATA_MESSAGE') return ''
  return value.logEvents.map((each) => (isObject(each) ? String(each.message ?? '') : '')).join('\n')
}

/** What CDNs send once to see whether somebody answers; it holds no record. */
const isTrial = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).length === 1 &&
  /^(content|access_validation|test|ping)$/.test(Object.keys(value)[0]!)

/**
 * Takes a log body apart: lines, a JSON list, Firehose's records, a push of Pub/Sub, or a trial request without a
 * record. `limit` bounds the bytes after unpacking.
 */
export function readLogBody({ body, headers }: Inbound, limit: number): LogBody | Refusal {
  const text = textOf(body, limit)
  if (text === undefined) return { code: 'bad_encoding', detail: 'gzip that is damaged or too large' }
  if (!text.trimStart().startsWith('{') || text.trimEnd().includes('}\n{')) {
    const code = text.startsWith('[') ? validationCode(parsed(text)) : undefined
    return code === undefined ? { entries: entriesOf(text) } : { entries: [], envelope: validated(code) }
  }
  const value = parsed(text)
  if (!isObject(value)) return { entries: entriesOf(text) }
  if (isTrial(value)) return { entries: [] }
  const envelope = firehose(value, headers)
  if (envelope !== undefined) {
    const records = (value.records as unknown[]).map((each) => (isObject(each) ? each.data : undefined))
    const texts = base64Texts(records, limit)
    if (texts === undefined) return { entries: [{ line: 'a record that is not base64' }], envelope }
    return { entries: texts.flatMap((each) => entriesOf(cloudWatchMessages(each) ?? each)), envelope }
  }
  if (isObject(value.message) && typeof value.message.data === 'string' && 'subscription' in value) {
    const texts = base64Texts([value.message.data], limit)
    return { entries: (texts ?? ['data that is not base64']).flatMap(entriesOf) }
  }
  const listed = listedRecords(value)
  return { entries: listed === undefined ? [{ line: value }] : recordsOf(listed) }
}

/** Event Grid sends nothing until it has its code back. */
const validated = (code: string): Envelope => ({
  accepted: () => ({
    status: 200,
    contentType: JSON_TYPE,
    body: JSON.stringify({ validationResponse: code }),
  }),
  failed: (status) => ({ status }),
})
