/**
 * ClickHouse's errors: a number, a name, a text. What the engine throws and what this server refuses by itself
 * have the same shape, so that a client cannot tell which of the two spoke.
 */
export class EngineError extends Error {
  readonly code: number
  readonly type: string

  constructor(code: number, type: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
    this.type = type
  }

  /** The text ClickHouse's HTTP interface answers with. */
  text(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.type}) (version ${version})\n`
  }
}

/** What this server refuses on its own account, under ClickHouse's names. */
export const REFUSALS = {
  notImplemented: [48, 'NOT_IMPLEMENTED'],
  badArguments: [36, 'BAD_ARGUMENTS'],
  unknownFunction: [46, 'UNKNOWN_FUNCTION'],
  syntax: [62, 'SYNTAX_ERROR'],
  queryTooLarge: [65, 'QUERY_IS_TOO_LARGE'],
  unknownFormat: [73, 'UNKNOWN_FORMAT'],
  unknownDatabase: [81, 'UNKNOWN_DATABASE'],
  unknownSetting: [115, 'UNKNOWN_SETTING'],
  readonly: [164, 'READONLY'],
  tooManyQueries: [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  queryIdInUse: [216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING'],
  noBody: [381, 'RECEIVED_EMPTY_DATA'],
  outfile: [358, 'INTO_OUTFILE_NOT_ALLOWED'],
  cancelled: [394, 'QUERY_WAS_CANCELLED'],
  constraint: [452, 'SETTING_CONSTRAINT_VIOLATION'],
  badParameter: [457, 'BAD_QUERY_PARAMETER'],
  access: [497, 'ACCESS_DENIED'],
  authentication: [516, 'AUTHENTICATION_FAILED'],
  aborted: [236, 'ABORTED'],
} as const

/** An error with ClickHouse’s number and name of this refusal. */
export function refusal(name: keyof typeof REFUSALS, message: string): EngineError {
  const [code, type] = REFUSALS[name]
  return new EngineError(code, type, message)
}

const SHAPE = /^(?:Code: (\d+)\. DB::Exception: )+/
const NAME = /\s*\(([A-Z][A-Z0-9_]+)\)\s*$/
const VERSION = /\s*\(version [^()]*\)\.?/g

/** The engine's error text (it repeats its own prefix and names this server's spool files) → one clean error. */
export function parseEngineError(error: unknown, hide: readonly string[] = []): EngineError {
  if (error instanceof EngineError) return error
  let text = error instanceof Error ? error.message : String(error)
  for (const path of hide)
    text = text.replaceAll(`(in file/uri ${path}): `, '').replaceAll(path, 'the data sent')
  const head = SHAPE.exec(text)
  if (!head) return new EngineError(1002, 'UNKNOWN_EXCEPTION', text, { cause: error })
  let message = text.slice(head[0].length).replace(VERSION, '').trimEnd()
  let type = 'UNKNOWN_EXCEPTION'
  for (let name = NAME.exec(message); name; name = NAME.exec(message)) {
    type = name[1] as string
    message = message.slice(0, name.index).replace(/\.$/, '')
  }
  return new EngineError(Number(head[1]), type, `${message}.`, { cause: error })
}

const BAD_REQUEST = new Set([6, 25, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 168, 377, 456, 457, 467])
const NOT_FOUND = new Set([46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 330, 511])

/** As ClickHouse maps its codes to HTTP; overload is 503 here (it is 500 there), so that proxies try again. */
export function httpStatus(code: number): number {
  if (code === 194) return 401
  if (code === 516 || code === 192 || code === 193 || code === 497) return 403
  if (code === 65) return 413
  if (code === 48) return 501
  if (code === 159) return 408
  if (code === 202 || code === 209 || code === 439 || code === 236) return 503
  if (BAD_REQUEST.has(code)) return 400
  if (NOT_FOUND.has(code)) return 404
  return 500
}
