import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { TENANTS_HEADER } from '../tenantsHeader.ts'
import { refusal } from './errors.ts'
import { INTERFACE_ARGUMENTS } from './settings.ts'

/** A request, read; the body is still to come. */
export interface StoreRequest {
  readonly queryId: string
  readonly database: string
  readonly defaultFormat: string | undefined
  readonly urlQuery: string
  readonly params: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  /** GET must change nothing. */
  readonly get: boolean
  readonly waitEndOfQuery: boolean
  readonly compressed: boolean
  /** ClickHouse's own compressed blocks: wanted for the answer, and sent as the body. */
  readonly blocksOut: boolean
  readonly blocksIn: boolean
  /** The Native framing the client wants (0: the plain one). */
  readonly protocolVersion: number
  /** Given when only rows of these tenants may be read: the console says so of whoever it asks for. */
  readonly tenants: readonly string[] | undefined
}

const PARAMETER = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/

/** Reads the arguments; refuses what is not spoken here. */
export function readRequest(request: IncomingMessage, args: URLSearchParams, database: string): StoreRequest {
  const role = args.get('role')
  if (role !== null && role !== '')
    throw refusal(
      'notImplemented',
      "The argument 'role' is not supported by the embedded store: there are no roles",
    )
  const params = new Map<string, string>()
  const settings = new Map<string, string>()
  for (const [name, value] of args) {
    if (name.startsWith('param_')) {
      const parameter = name.slice('param_'.length)
      if (!PARAMETER.test(parameter))
        throw refusal('badParameter', `Bad query parameter name '${parameter.slice(0, 100)}'`)
      params.set(parameter, value)
    } else if (!INTERFACE_ARGUMENTS.has(name) && name !== 'role') settings.set(name, value)
  }
  const requested = request.headers['accept-encoding'] ?? ''
  return {
    queryId: args.get('query_id') || header(request, 'x-clickhouse-query-id') || randomUUID(),
    database: args.get('database') || header(request, 'x-clickhouse-database') || database,
    defaultFormat: args.get('default_format') || header(request, 'x-clickhouse-format') || undefined,
    urlQuery: args.get('query') ?? '',
    params,
    settings,
    get: request.method === 'GET' || request.method === 'HEAD',
    waitEndOfQuery: isOn(args.get('wait_end_of_query')),
    compressed: isOn(args.get('enable_http_compression')) && /\bgzip\b/.test(String(requested)),
    blocksOut: isOn(args.get('compress')),
    blocksIn: isOn(args.get('decompress')),
    protocolVersion: Number(args.get('client_protocol_version') ?? 0) || 0,
    tenants: tenantsOf(header(request, TENANTS_HEADER)),
  }
}

/** The body's chunks, decompressed, within a bound. */
export async function readBody(
  request: IncomingMessage,
  { encoding, max_bytes }: { readonly encoding: string; readonly max_bytes: number },
): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let size = 0
  const source = encoding === 'identity' ? request : request.pipe(decoder(encoding))
  // a broken connection must end the decompressor's wait, too
  if (source !== request) request.on('error', (error) => source.destroy(error))
  try {
    // a refusal has to reach the client, so its connection is not torn down with the loop
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > max_bytes) throw refusal('queryTooLarge', `Body is too large: more than ${max_bytes} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (typeof code === 'string' && code.startsWith('Z_')) {
      throw refusal('noBody', `Cannot decompress the body: ${(error as Error).message}`)
    }
    throw error
  }
  return chunks
}

function decoder(encoding: string) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip()
  if (encoding === 'deflate') return createInflate()
  if (encoding === 'br') return createBrotliDecompress()
  throw refusal('notImplemented', `Content-Encoding '${encoding}' is not supported by the embedded store`)
}

function tenantsOf(text: string): string[] | undefined {
  if (text === '') return undefined
  let tenants: unknown
  try {
    tenants = JSON.parse(text)
  } catch {
    tenants = undefined
  }
  if (!Array.isArray(tenants) || !tenants.every((tenant) => typeof tenant === 'string'))
    throw refusal('badArguments', `${TENANTS_HEADER} must be a JSON array of names`)
  return tenants
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

function isOn(value: string | null): boolean {
  return value !== null && value !== '' && value !== '0' && value !== 'false'
}
