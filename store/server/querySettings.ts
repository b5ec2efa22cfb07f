import { type Token, tokens } from './lexer.ts'

/** A query without the `SETTINGS` clause at its end, and what stood in it. */
export interface WithoutSettings {
  readonly text: string
  readonly settings: ReadonlyMap<string, string>
}

/**
 * Takes the SETTINGS clause at the end of a query away, so that its values are judged like those of the address. undefined when there
 * is none, or when it stands anywhere else.
 * @param normal the engine's normal form of a SELECT
 */
export function takeSettings(normal: string): WithoutSettings | undefined {
  const all = [...tokens(normal)]
  if (!all[0] || !/^(SELECT|WITH|\()$/.test(all[0].text)) return undefined
  const clauses = all.filter(({ kind, text }) => kind === 'word' && text === 'SETTINGS')
  const clause = clauses[0]
  if (clauses.length !== 1 || !clause || clause.depth > 0) return undefined
  const settings = new Map<string, string>()
  let at = all.indexOf(clause) + 1
  for (;;) {
    const [name, equals] = [all[at], all[at + 1]]
    if (name?.kind !== 'word' || equals?.text !== '=') return undefined
    const sign = all[at + 2]?.text === '-' ? '-' : ''
    const value = all[at + 2 + sign.length]
    if (!value || value.kind === 'mark' || value.kind === 'quoted') return undefined
    settings.set(name.text, sign + plain(value))
    at += 3 + sign.length
    if (all[at]?.text !== ',') break
    at++
  }
  const rest = all[at]
  if (rest && rest.text !== 'FORMAT') return undefined
  const text = normal.slice(0, clause.start) + (rest ? normal.slice(rest.start) : '')
  return { text: text.trimEnd(), settings }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' }

function plain({ kind, text }: Token): string {
  if (kind !== 'string') return text
  return text
    .slice(1, -1)
    .replaceAll(/\\(.)|''/g, (_, letter) => (letter ? (ESCAPED[letter] ?? letter) : "'"))
}

/** Names of the settings that any SETTINGS clause of a statement sets. */
export function settingNames(normal: string): string[] {
  const names: string[] = []
  const all = [...tokens(normal)]
  for (const [index, token] of all.entries()) {
    if (token.kind !== 'word' || token.text !== 'SETTINGS') continue
    for (let at = index + 1; at < all.length; at++) {
      const [name, equals] = [all[at] as Token, all[at + 1]]
      if (equals?.text === '=') names.push(name.text)
      // a value that is a number, a text or a word; what is longer is walked token by token until the comma
      while (at < all.length && !(all[at]?.text === ',' && all[at]?.depth === token.depth)) at++
    }
  }
  return names
}
