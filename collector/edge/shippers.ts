/** Shapes that log shippers put around records. Taken apart by their form, so that a new one of the same form is read, too. */

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where shippers put a record as it came: Filebeat, Fluent Bit and Docker, Splunk's collector, Azure's diagnostics, CloudEvents, syslog. */
const INNER = ['message', 'log', 'event', 'properties', 'data', 'msg', 'line', 'body', 'jsonPayload'] as const

/** What stands inside a shipper's record: objects, or lines of text. Nearest first. */
export const innerRecords = (record: Fields): (string | Fields)[] =>
  INNER.map((name) => record[name]).filter(
    (value): value is string | Fields => isObject(value) || (typeof value === 'string' && value.length > 1),
  )

/** Lists of records in an object that has nothing else of weight. */
const LISTS = ['records', 'Records', 'logs', 'events', 'data', 'entries', 'logEvents'] as const

/** Loki's push: `streams[].values[]` are pairs of a time and a line. */
function lokiLines(streams: readonly unknown[]): unknown[] {
  return streams.flatMap((stream) =>
    isObject(stream) && Array.isArray(stream.values)
      ? stream.values.map((pair) => (Array.isArray(pair) ? pair[1] : undefined))
      : [],
  )
}

/** The records of an object that is a list of them under some name; undefined where it is a record itself. */
export function listedRecords(value: Fields): unknown[] | undefined {
  if (Array.isArray(value.streams) && value.streams.some((each) => isObject(each) && 'values' in each))
    return lokiLines(value.streams)
  const name = LISTS.find((each) => Array.isArray(value[each]))
  return name === undefined ? undefined : (value[name] as unknown[])
}

/** Lines of Elasticsearch's `_bulk` that only say what to do with the next one. */
export const isBulkAction = (record: unknown): boolean =>
  isObject(record) &&
  Object.keys(record).length === 1 &&
  ['index', 'create', 'update', 'delete'].some((name) => isObject(record[name]))

/** The code that Azure's Event Grid wants back before it sends anything. */
export function validationCode(value: unknown): string | undefined {
  const [first] = Array.isArray(value) ? value : []
  if (!isObject(first) || !String(first.eventType).endsWith('SubscriptionValidationEvent')) return undefined
  return isObject(first.data) && typeof first.data.validationCode === 'string'
    ? first.data.validationCode
    : undefined
}
