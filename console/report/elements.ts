/** Plain text as HTML. */
export const text = (plainText: string): string =>
  plainText.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export const orDash = (value: number | null, show: (value: number) => string): string =>
  value === null ? '–' : show(value)

/** A table; columns whose name begins with `#` hold numbers. Cells are HTML. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot: readonly string[] = [],
): string {
  const kind = (at: number) => (head[at]!.startsWith('#') ? ' class="n"' : '')
  const cells = (row: readonly string[]) =>
    row
      .map((cell, at) => `<td${kind(at)} data-head="${text(head[at]!.replace('#', ''))}">${cell}</td>`)
      .join('')
  return `<table><thead><tr>${head.map((name, at) => `<th${kind(at)}>${text(name.replace('#', ''))}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join('')}</tbody>${foot.length > 0 ? `<tfoot><tr>${cells(foot)}</tr></tfoot>` : ''}</table>`
}

/** Rows of a long table that stand open; the others are a click away. */
const OPEN_ROWS = 8

/** A table of any length: the first rows, and the others under how many they are. Rows come with the most important first. */
export const longTable = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  more: (count: number) => string,
): string =>
  rows.length <= OPEN_ROWS + 2
    ? table(head, rows)
    : `${table(head, rows.slice(0, OPEN_ROWS))}<details><summary>${text(more(rows.length - OPEN_ROWS))}</summary>${table(head, rows.slice(OPEN_ROWS))}</details>`

/** A part of the page under its title. The title is plain text, the body HTML. */
export const section = (title: string, body: string): string =>
  `<section><h2>${text(title)}</h2>${body}</section>`
