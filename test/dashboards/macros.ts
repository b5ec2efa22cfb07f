/** What Grafana and the ClickHouse plugin make of a panel's SQL before it is sent, so that it can be run without them. */

export interface Choice {
  readonly from_ms: number
  readonly to_ms: number
  /** Length of a point, s: Grafana's interval for the panel's width. */
  readonly interval_s: number
  /** Values of the variables; `$__all` stands for All. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>
}

export const ALL = '$__all'

/** Grafana's steps, s: up to which length of a point it takes which. */
const STEPS: readonly (readonly [number, number])[] = [
  [12.5, 10],
  [17.5, 15],
  [25, 20],
  [45, 30],
  [90, 60],
  [210, 120],
  [450, 300],
  [750, 600],
  [1050, 900],
]

/** The length of a point in seconds that Grafana takes for a span and at most so many points; our panels ask for ten at least. */
export function intervalOf(span_ms: number, points: number): number {
  const raw = span_ms / points / 1000
  return STEPS.find(([upTo]) => raw < upTo)?.[1] ?? 1200
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
const isAll = (value: string | readonly string[] | undefined): boolean =>
  value === ALL || (Array.isArray(value) && value.includes(ALL))

/** The arguments of a macro call, whose opening bracket is at `open`, and where the call ends. */
function argumentsAt(sql: string, open: number): { readonly args: readonly string[]; readonly end: number } {
  const args: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < sql.length; at += 1) {
    if (sql[at] === '(') depth += 1
    else if (sql[at] === ')') depth -= 1
    if (depth === 1 && sql[at] === ',') {
      args.push(sql.slice(from, at).trim())
      from = at + 1
    }
    if (depth === 0) return { args: [...args, sql.slice(from, at).trim()], end: at + 1 }
  }
  throw new Error(`a macro is not closed: ${sql.slice(open - 30, open + 30)}`)
}

function each(sql: string, name: string, expand: (args: readonly string[]) => string): string {
  for (let at = sql.indexOf(`${name}(`); at >= 0; at = sql.indexOf(`${name}(`, at)) {
    const { args, end } = argumentsAt(sql, at + name.length)
    sql = sql.slice(0, at) + expand(args) + sql.slice(end)
  }
  return sql
}

/** First the browser's part (conditions on All, variables), then the plugin's macros. Throws on anything left over. */
export function expand(sql: string, { from_ms, to_ms, interval_s, variables }: Choice): string {
  const [from, to] = [Math.floor(from_ms / 1000), Math.floor(to_ms / 1000)]
  const value = (name: string) => {
    const found = variables[name]
    if (found === undefined) throw new Error(`no variable ${name}`)
    return found
  }
  let text = each(sql, '$__conditionalAll', ([condition, name]) => {
    if (!name?.startsWith('$')) throw new Error(`$__conditionalAll wants a variable, not ${name}`)
    return isAll(value(name.slice(1))) ? '1=1' : condition!
  })
  text = text.replace(/\$\{([a-z_]+)(?::([a-z]+))?\}/g, (_, name: string, format?: string) => {
    const values = [value(name)].flat()
    if (format === 'sqlstring') return values.map(quote).join(',')
    if (format === undefined) return values.join(',')
    throw new Error(`format ${format} of ${name} is not of SQL`)
  })
  text = each(text, '$__timeFilter', ([c]) => `${c} >= toDateTime(${from}) AND ${c} <= toDateTime(${to})`)
  text = each(
    text,
    '$__timeInterval',
    ([c]) => `toStartOfInterval(toDateTime(${c}), INTERVAL ${interval_s} second)`,
  )
  text = text
    .replaceAll('$__fromTime', `toDateTime(${from})`)
    .replaceAll('$__toTime', `toDateTime(${to})`)
    .replaceAll('$__interval_s', String(interval_s))
  const left = /\$[_a-z{][\w:}]*/.exec(text)
  if (left) throw new Error(`not expanded: ${left[0]}`)
  return text
}
