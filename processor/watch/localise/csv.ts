/** A table of text: one array of strings for each name of the header. */
export interface Table {
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly rows: number
}

export type TableResult =
  | { readonly ok: true; readonly table: Table }
  | { readonly ok: false; readonly line: number; readonly why: string }

/** Reads comma-separated values (RFC 4180: quotes, doubled quotes, line breaks within quotes; a BOM is dropped). */
export const readCsv = (text: string): TableResult => {
  const names: string[] = []
  const columns: string[][] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let quote = text.indexOf('"', at)
  let rows = 0
  for (let line = 1; at < text.length; line++) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    let cells: string[]
    const first = line
    if (quote < 0 || quote > end) {
      cells = text.slice(at, text[end - 1] === '\r' ? end - 1 : end).split(',')
      at = end + 1
    } else {
      const row = quotedRow(text, at)
      if ('why' in row) return { ok: false, line: first, why: row.why }
      cells = row.cells
      at = row.at
      line += row.breaks
      quote = text.indexOf('"', at)
    }
    if (cells.length === 1 && cells[0]!.trim() === '') continue
    if (!names.length) {
      for (const cell of cells) {
        if (names.includes(cell.trim())) {
          return { ok: false, line: first, why: `the column "${cell.trim()}" stands twice` }
        }
        names.push(cell.trim())
        columns.push([])
      }
      continue
    }
    if (cells.length !== names.length) {
      const why = `the row has ${cells.length > names.length ? 'more' : 'fewer'} fields than the header's ${names.length}`
      return { ok: false, line: first, why }
    }
    for (let i = 0; i < cells.length; i++) columns[i]!.push(cells[i]!)
    rows++
  }
  return { ok: true, table: { columns: new Map(names.map((name, i) => [name, columns[i]!])), rows } }
}

/** One row that has quotes: its fields, where the next row begins, and how many line breaks stood within quotes. */
const quotedRow = (
  text: string,
  from: number,
): { cells: string[]; at: number; breaks: number } | { why: string } => {
  const cells: string[] = []
  let at = from
  let breaks = 0
  for (;;) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; ; ) {
        const close = text.indexOf('"', at)
        if (close < 0) return { why: 'a quote is opened and never closed' }
        cell += text.slice(at, close)
        at = close + 1
        if (text[at] !== '"') break
        cell += '"'
        at++
      }
      breaks += cell.split('\n').length - 1
    } else {
      const start = at
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++
      cell = text.slice(start, text[at - 1] === '\r' && text[at] !== ',' ? at - 1 : at)
    }
    cells.push(cell)
    if (text[at] === '\r') at++
    if (at >= text.length || text[at] === '\n') return { cells, at: at + 1, breaks }
    if (text[at] !== ',') return { why: 'text stands after a closing quote' }
    at++
  }
}
