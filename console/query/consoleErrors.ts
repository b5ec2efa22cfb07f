/** The console's address without a slash at its end; throws a message that a person can mend when it is none. */
export function consoleBase(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '')
  throw new QueryError(`--url ${url} is not an address; it begins with http:// or https://`)
}

/** A refusal that a person can mend, by ClickHouse, by the console or by whoever stands before it. */
export class QueryError extends Error {
  /** It is shown as a line, not as a stack. */
  readonly expected = true
  /** ClickHouse's number, if it said one. */
  readonly code: number | undefined
  constructor(message: string, options: ErrorOptions & { readonly code?: number } = {}) {
    super(message, options)
    this.name = 'QueryError'
    this.code = options.code
  }
}

/** Why a console did not answer at all: another scheme, no such host, a certificate, nobody there. */
export function noAnswer(url: string, error: unknown): QueryError {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
  const { origin, hostname, protocol } = new URL(url)
  const code = cause?.code ?? ''
  const why = (): string => {
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host ${hostname}.`
    if (protocol === 'https:' && /WRONG_VERSION|PACKET_LENGTH|EPROTO/.test(code))
      return `${origin} speaks http, not https.`
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
      return `the certificate of ${origin} is not trusted (${cause?.message}); NODE_EXTRA_CA_CERTS=FILE names who signed it.`
    if (protocol === 'http:' && /UND_ERR_SOCKET|HPE_|ECONNRESET/.test(code))
      return `${origin} does not speak http. Is it https?`
    return `${origin} does not answer. Is Firstframe running?`
  }
  return new QueryError(`${why()} Name its console with --url.`, { cause: error })
}

export const NO_TOKEN =
  'the console asks for a token: make one with `firstframe token` on its machine, and give it as --token or FIRSTFRAME_TOKEN.'

/** What an answer that is no success means: a missing token, another server, or what the console says. */
export function refusedBy(url: string, status: number, text: string): QueryError {
  if (status === 401) return new QueryError(NO_TOKEN)
  const { origin } = new URL(url)
  if (text.includes('The public port has'))
    return new QueryError(
      `${origin} is the public port, which takes beacons. The console has another port, 8081 by default. Name it with --url.`,
    )
  let body: { error?: { code?: unknown; message?: unknown; detail?: unknown } } | undefined
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    return new QueryError(
      `${origin} is no console of Firstframe: it answered ${status}: ${text.slice(0, 300).trim()}. Name the console with --url.`,
    )
  }
  const detail = body?.error?.detail ?? body?.error?.message
  if (typeof detail !== 'string') return new QueryError(`${origin} answered ${status}: ${text.slice(0, 300)}`)
  const address = detail.startsWith('nothing at')
    ? ' --url is the address of the console without a path.'
    : ''
  return new QueryError(`${detail}${address}`)
}
