/** A table of text: the header's names and one array of strings a column. */
export interface Table {
  readonly columns: ReadonlyMap<string, readonly string[]>
  readonly rows: number
}

export type TableResult = { ok: true; table: Table } | { ok: false; line: number; why: string }

/** Reads comma-separated values (RFC 4180: quotes, doubled quotes, line breaks within quotes; a BOM is dropped). */
export const readCsv = (text: string): TableResult => {
  const names: string[] = []
  const columns: string[][] = []
  let rows = 0
  let line = 1
  let field = 0
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let inHeader = true
  let lineOfRow = 1
  while (at < text.length) {
    let cell: string
    if (text[at] === '"') {
      const parts: string[] = []
      let from = at + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        if (quote < 0) return { ok: false, line: lineOfRow, why: 'a quote is opened and never closed' }
        parts.push(text.slice(from, quote))
        if (text[quote + 1] !== '"') {
          at = quote + 1
          break
        }
        parts.push('"')
        from = quote + 2
      }
      cell = parts.join('')
      for (const c of cell) if (c === '\n') line++
    } else {
      let end = at
      while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++
      cell = text.slice(at, end)
      at = end
    }
    const ended = at >= text.length || text[at] === '\n' || text[at] === '\r'
    if (!ended && text[at] !== ',') {
      return { ok: false, line: lineOfRow, why: 'text stands after a closing quote' }
    }
    const blank = ended && field === 0 && cell.trim() === ''
    if (!blank) {
      if (inHeader) {
        names.push(cell.trim())
        columns.push([])
      } else {
        if (field >= columns.length) return { ok: false, line: lineOfRow, why: moreOrFewer(columns, 'more') }
        columns[field]!.push(cell)
      }
      field++
    }
    if (!ended) {
      at++
      // "a,b," at the very end of the text: the last field is empty.
      if (at >= text.length && !inHeader) columns[field]?.push('')
      if (at >= text.length) field++
    } else {
      if (text[at] === '\r') at++
      if (text[at] === '\n') at++
    }
    if (ended || at >= text.length) {
      if (field > 0) {
        if (inHeader) inHeader = false
        else if (field !== columns.length)
          return { ok: false, line: lineOfRow, why: moreOrFewer(columns, 'fewer') }
        else rows++
      }
      field = 0
      line++
      lineOfRow = line
    }
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return { ok: false, line: 1, why: `the column "${twice}" stands twice` }
  return { ok: true, table: { columns: new Map(names.map((name, i) => [name, columns[i]!])), rows } }
}

const moreOrFewer = (columns: string[][], word: 'more' | 'fewer'): string =>
  `the row has ${word} fields than the header's ${columns.length}`
