/** Formats whose documents can be put one behind the other, so that a big result is sent while it is computed. */
const CHUNKED: ReadonlySet<string> = new Set([
  'Native',
  'JSONEachRow',
  'JSONLines',
  'NDJSON',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'CSV',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'TSKV',
  'RowBinary',
  'LineAsString',
  'RawBLOB',
  'Values',
  'Null',
])

/** Whether a format’s answer can be sent piece by piece. */
export function isChunked(format: string): boolean {
  return CHUNKED.has(format)
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(JSON\w*EachRow(WithProgress)?|JSONLines|NDJSON)/, 'application/x-ndjson; charset=UTF-8'],
  [/^(JSON|GeoJSON)/, 'application/json; charset=UTF-8'],
  [/^CSVWithNames/, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TabSeparated|TSV|TSKV)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^(Pretty|Vertical|Values|Markdown|Raw|Line|Template|XML|SQLInsert)/, 'text/plain; charset=UTF-8'],
]

/** The content type ClickHouse names for a format. */
export function contentType(format: string): string {
  return TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'application/octet-stream'
}
