/** One token of ClickHouse SQL. `depth` counts the round, square and curly brackets around it. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'quoted' | 'mark'
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

const SPACE = /[\s\0]/
const WORD_START = /[A-Za-z_\u0080-\uffff]/
const WORD_PART = /[A-Za-z0-9_$\u0080-\uffff]/

/**
 * Walks a statement token by token. It only finds places; whether a text means what was found is always asked of
 * the engine's own parser afterwards.
 */
export function* tokens(sql: string): Generator<Token> {
  let at = 0
  let depth = 0
  while (at < sql.length) {
    const c = sql[at] as string
    if (SPACE.test(c)) {
      at++
      continue
    }
    const afterComment = skipComment(sql, at)
    if (afterComment > at) {
      at = afterComment
      continue
    }
    const start = at
    if (c === "'" || c === '"' || c === '`') {
      at = endOfQuoted(sql, at)
      yield { kind: c === "'" ? 'string' : 'quoted', text: sql.slice(start, at), start, end: at, depth }
    } else if (c === '$' && heredocEnd(sql, at) > at) {
      at = heredocEnd(sql, at)
      yield { kind: 'string', text: sql.slice(start, at), start, end: at, depth }
    } else if (WORD_START.test(c)) {
      while (at < sql.length && WORD_PART.test(sql[at] as string)) at++
      yield { kind: 'word', text: sql.slice(start, at), start, end: at, depth }
    } else if (c >= '0' && c <= '9') {
      while (at < sql.length && /[0-9a-zA-Z_.]/.test(sql[at] as string)) at++
      yield { kind: 'number', text: sql.slice(start, at), start, end: at, depth }
    } else {
      if (c === ')' || c === ']' || c === '}') depth--
      at++
      yield { kind: 'mark', text: c, start, end: at, depth }
      if (c === '(' || c === '[' || c === '{') depth++
    }
  }
}

function skipComment(sql: string, at: number): number {
  const two = sql.slice(at, at + 2)
  if (two === '--' || two === '# ' || two === '#!') {
    const end = sql.indexOf('\n', at)
    return end < 0 ? sql.length : end + 1
  }
  if (two === '/*') {
    const end = sql.indexOf('*/', at + 2)
    return end < 0 ? sql.length : end + 2
  }
  return at
}

function endOfQuoted(sql: string, at: number): number {
  const quote = sql[at]
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] === '\\') i++
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i++
    }
  }
  return sql.length
}

function heredocEnd(sql: string, at: number): number {
  const open = /^\$[A-Za-z0-9_]*\$/.exec(sql.slice(at, at + 80))
  if (!open) return at
  const end = sql.indexOf(open[0], at + open[0].length)
  return end < 0 ? at : end + open[0].length
}
