/** First value of each name, without a prototype. */
export type Query = Readonly<Record<string, string>>

/** First value of each name; a query with a name twice can otherwise put its own value before ours. */
function parse(text: string): Query {
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value
  return query
}

/** Nearly all requests have one of a few queries (the write key), so those are parsed once. */
const LONGEST_KEPT = 200
const MOST_KEPT = 1_000
const kept = new Map<string, Query>()

/** Parses a query string without the `?`. The first of several equal names counts; malformed escapes stay as they are. */
export function parseQuery(text: string): Query {
  if (text.length > LONGEST_KEPT) return parse(text)
  let query = kept.get(text)
  if (query === undefined) {
    query = parse(text)
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(JSON.parse(JSON.stringify(text)) as string, query)
  }
  return query
}
