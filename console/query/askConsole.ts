/** A refusal by ClickHouse (or whoever stands before it), with its code. */
export class QueryError extends Error {
  /** A person can mend it: it is shown as a line, not as a stack. */
  readonly expected = true
  /** ClickHouse's number, if it said one. */
  readonly code: number | undefined
  constructor(message: string, options: ErrorOptions & { readonly code?: number } = {}) {
    super(message, options)
    this.name = 'QueryError'
    this.code = options.code
  }
}

const CODE = /Code: (\d+)\. DB::Exception: ([\s\S]*)/

/** What ClickHouse said, without the stack it may add. */
export function refusalOf(text: string, status: number): QueryError {
  const found = CODE.exec(text)
  if (!found) return new QueryError(`the address answered ${status}: ${text.slice(0, 300).trim()}`)
  const [, code, rest] = found
  return new QueryError(`Code ${code}: ${rest!.split('\nStack trace')[0]!.trim()}`, { code: Number(code) })
}

export interface Ask {
  /** The console's address. */
  readonly url: string
  /** API token, for a console that asks people to sign in. */
  readonly token?: string
  readonly sql: string
  /** ClickHouse's name of the format, used unless the SQL names one. */
  readonly format: string
  /** Values of `{name:Type}` in the SQL. */
  readonly params?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Sends SQL to the console's `/clickhouse` (as its read-only user) and gives the answer's bytes as they come. Throws QueryError. */
export async function* askConsole({
  url,
  token,
  sql,
  format,
  params = {},
  signal,
}: Ask): AsyncGenerator<Uint8Array> {
  const args = new URLSearchParams({ database: 'firstframe', default_format: format })
  for (const [name, value] of Object.entries(params)) args.set(`param_${name}`, value)
  const address = `${url.replace(/\/$/, '')}/clickhouse/?${args}`
  let response: Response
  try {
    response = await fetch(address, {
      method: 'POST',
      body: sql,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(signal && { signal }),
    })
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined
    throw new QueryError(
      `no console at ${url} (${cause?.message ?? (error as Error).message}); --url names another`,
      {
        cause: error,
      },
    )
  }
  if (!response.ok) {
    const text = await response.text()
    // A refusal by the store itself has its code, and no token mends it.
    if (response.status === 401 && !CODE.test(text))
      throw new QueryError(
        'the console asks for a token: make one with `firstframe token` on its machine, and give it as --token or FIRSTFRAME_TOKEN',
      )
    throw refusalOf(text, response.status)
  }
  let last = ''
  try {
    for await (const chunk of response.body ?? []) {
      last = (last + Buffer.from(chunk).toString('latin1')).slice(-4096)
      yield chunk
    }
  } catch (error) {
    // an error after the first bytes: ClickHouse writes it at the end and cuts the answer off
    if (CODE.test(last)) throw refusalOf(Buffer.from(last, 'latin1').toString(), response.status)
    throw new QueryError('the answer was cut off before its end', { cause: error })
  }
  if (last.includes('__exception__') && CODE.test(last))
    throw refusalOf(Buffer.from(last, 'latin1').toString(), response.status)
}
