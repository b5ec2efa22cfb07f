import type { Analysis, Engine } from './engine.ts'
import { refusal } from './errors.ts'
import { findInsertData } from './insertData.ts'
import { tokens } from './lexer.ts'

/** One statement, as the engine's parser understood it. */
export interface Statement {
  /** What to run (for an insert with data: the statement without its data). */
  readonly text: string
  /** The parser's normal form: no comments, known quoting. */
  readonly normal: string
  readonly class: 'read' | 'write' | 'control'
  /** The FORMAT clause, if there is one. */
  readonly format: string | undefined
  /** Given for `INSERT … FORMAT X` and `INSERT … VALUES`: the data follows from this byte of the text on. */
  readonly insert: { readonly format: string; readonly dataAt: number } | undefined
  /** Given for KILL QUERY. */
  readonly kill: { readonly queryId: string | undefined } | undefined
}

/** What the engine's parser says about a text. */
export type Parse = (text: string) => Promise<Analysis & { readonly normal: string }>

const REMEMBERED = 500

/** Asks the engine, and remembers: boards ask the same thing every few seconds. A text's meaning never changes. */
export function createParse(engine: Engine): Parse {
  const known = new Map<string, Analysis & { readonly normal: string }>()
  return async (text) => {
    const seen = known.get(text)
    if (seen) return seen
    const normal = await engine.normalise(text)
    const found = { ...(await engine.analyse(text)), normal }
    if (text.length < 20_000) known.set(text, found)
    // the one that came in first goes
    if (known.size > REMEMBERED) known.delete(known.keys().next().value as string)
    return found
  }
}

/** ClickHouse's `max_query_size`: a statement without its data may not be longer. */
export const MAX_STATEMENT_BYTES = 1 << 20

/**
 * Reads a statement from the bytes of a request. Refuses several statements, and INTO OUTFILE, FROM INFILE and sqlite(), which
 * would touch files here: judged by the engine's own parser, not by a pattern.
 */
export async function readStatement(parse: Parse, bytes: Buffer): Promise<Statement> {
  const head = bytes.subarray(0, MAX_STATEMENT_BYTES).toString('latin1')
  const data = findInsertData(head)
  if (!data && bytes.length > MAX_STATEMENT_BYTES) {
    throw refusal(
      'queryTooLarge',
      `Max query size exceeded: ${bytes.length} bytes, ${MAX_STATEMENT_BYTES} allowed`,
    )
  }
  const text = data ? bytes.subarray(0, data.end).toString('utf8') : bytes.toString('utf8')
  if (text.trim() === '') throw refusal('syntax', 'Syntax error: Empty query')
  const { normal, ...found } = await parse(text)
  if (found.statements !== 1) throw refusal('syntax', 'Syntax error (Multi-statements are not allowed)')
  const shape = readShape(normal)
  if (shape.outfile) throw refusal('outfile', 'INTO OUTFILE is not allowed')
  if (shape.infile) throw refusal('notImplemented', 'INSERT FROM INFILE is not supported over HTTP')
  // The engine opens, and so makes, the file before it asks whether the user may.
  if (shape.sqlite) throw refusal('access', 'The table function sqlite is not allowed')
  if (found.class === 'unknown') throw refusal('notImplemented', 'This kind of statement is not supported')
  const insert = data && shape.first === 'INSERT' && shape.format ? shape.format : undefined
  if (data && !insert) throw refusal('syntax', 'Syntax error: cannot tell the statement from its data')
  return {
    text,
    normal,
    class: found.class === 'read' ? 'read' : found.class === 'control' ? 'control' : 'write',
    format: insert ? undefined : shape.format,
    insert: data && insert ? { format: insert, dataAt: data.data } : undefined,
    kill: shape.first === 'KILL' ? { queryId: killed(normal) } : undefined,
  }
}

/** The insert of `normal` with its data taken from a file. */
export function insertFromFile(normal: string, pathLiteral: string): string {
  for (const token of tokens(normal)) {
    if (token.depth > 0 || token.kind !== 'word') continue
    if (token.text === 'SETTINGS' || token.text === 'FORMAT') {
      return `${normal.slice(0, token.start)}FROM INFILE ${pathLiteral} ${normal.slice(token.start)}`
    }
  }
  throw refusal('syntax', 'Syntax error: an insert without FORMAT')
}

/** KILL QUERY with our own query ids: the engine knows them only as the setting log_comment. */
export function killByOurIds(normal: string): string {
  let text = ''
  let at = 0
  for (const token of tokens(normal)) {
    if (token.kind !== 'word' || token.text !== 'query_id') continue
    text += `${normal.slice(at, token.start)}Settings['log_comment']`
    at = token.end
  }
  return text + normal.slice(at)
}

function killed(normal: string): string | undefined {
  return /^KILL QUERY WHERE query_id = '((?:[^'\\])*)' (?:A?SYNC|TEST)$/.exec(normal)?.[1]
}

function readShape(normal: string) {
  let first = ''
  let format: string | undefined
  let previous = ''
  let outfile = false
  let infile = false
  let sqlite = false
  let before = ''
  for (const token of tokens(normal)) {
    if (token.text === '(' && /^[`"]?sqlite[`"]?$/i.test(before)) sqlite = true
    before = token.kind === 'string' ? '' : token.text
    if (token.depth === 0 && token.kind === 'word') {
      if (first === '') first = token.text
      if (previous === 'INTO' && token.text === 'OUTFILE') outfile = true
      if (previous === 'FROM' && token.text === 'INFILE') infile = true
      if (previous === 'FORMAT') format = token.text
    }
    previous = token.kind === 'word' ? token.text : ''
  }
  return { first, format, outfile, infile, sqlite }
}
