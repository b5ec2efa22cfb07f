import { type Token, tokens } from './lexer.ts'

/**
 * Where the data of `INSERT INTO t … FORMAT X` or `… VALUES` begins in a text, as ClickHouse reads it; undefined
 * when the text is no insert with data of its own. Offsets are those of the text given.
 */
export function findInsertData(text: string): { readonly end: number; readonly data: number } | undefined {
  const stream = tokens(text)
  const next = (): Token | undefined => stream.next().value as Token | undefined
  if (!isWord(next(), 'INSERT') || !isWord(next(), 'INTO')) return undefined
  let token = next()
  if (isWord(token, 'TABLE')) token = next()
  if (isWord(token, 'FUNCTION')) return undefined
  token = afterName(token, next)
  for (; token; token = next()) {
    if (token.depth > 0) continue
    if (isWord(token, 'SELECT') || isWord(token, 'WITH') || isWord(token, 'WATCH')) return undefined
    if (isWord(token, 'VALUES')) return { end: token.end, data: token.end }
    if (isWord(token, 'FORMAT')) {
      const name = next()
      return name?.kind === 'word' ? afterFormat(text, name, next) : undefined
    }
  }
  return undefined
}

/** The first token behind a table's name, which may be dotted and may be called `format`. */
function afterName(first: Token | undefined, next: () => Token | undefined): Token | undefined {
  let token = first && next()
  while (token?.text === '.') {
    next()
    token = next()
  }
  return token
}

/** `FORMAT X SETTINGS a = 1, b = 2` and then one line end at most belong to the statement; the rest is data. */
function afterFormat(
  text: string,
  name: Token,
  next: () => Token | undefined,
): { end: number; data: number } {
  let end = name.end
  let token = next()
  if (isWord(token, 'SETTINGS')) {
    do {
      next()
      next()
      const value = next()
      if (!value) break
      end = value.end
      token = next()
    } while (token?.text === ',')
  }
  let data = end
  while (text[data] === ' ' || text[data] === '\t' || text[data] === '\f') data++
  if (text[data] === '\r') data++
  if (text[data] === '\n') data++
  return { end, data }
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word
}
