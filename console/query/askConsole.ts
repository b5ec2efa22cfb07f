import { consoleBase, noAnswer, QueryError, refusedBy } from './consoleErrors.ts'

const CODE = /Code: (\d+)\. DB::Exception: ([\s\S]*)/

/** What ClickHouse said, without the stack it may add. */
function refusalOf(url: string, text: string, status: number): QueryError {
  const found = CODE.exec(text)
  if (!found) return refusedBy(url, status, text)
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
  const address = `${consoleBase(url)}/clickhouse/?${args}`
  let response: Response
  try {
    response = await fetch(address, {
      method: 'POST',
      body: sql,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(signal && { signal }),
    })
  } catch (error) {
    throw noAnswer(url, error)
  }
  if (!response.ok) throw refusalOf(url, await response.text(), response.status)
  let last = ''
  try {
    for await (const chunk of response.body ?? []) {
      last = (last + Buffer.from(chunk).toString('latin1')).slice(-4096)
      yield chunk
    }
  } catch (error) {
    // an error after the first bytes: ClickHouse writes it at the end and cuts the answer off
    if (CODE.test(last)) throw refusalOf(url, Buffer.from(last, 'latin1').toString(), response.status)
    throw new QueryError('the answer was cut off before its end', { cause: error })
  }
  if (last.includes('__exception__') && CODE.test(last))
    throw refusalOf(url, Buffer.from(last, 'latin1').toString(), response.status)
}
