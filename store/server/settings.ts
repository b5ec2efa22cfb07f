import { literal } from '../../schemas/sql.ts'
import { isRefusedSetting, READER_SETTINGS } from './allow/settings.ts'
import { refusal } from './errors.ts'

/** URL arguments that belong to the HTTP interface and are no settings. */
export const INTERFACE_ARGUMENTS: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'wait_end_of_query',
  'buffer_size',
  'user',
  'password',
  'quota_key',
  'compress',
  'decompress',
  'enable_http_compression',
  'http_zlib_compression_level',
  'client_protocol_version',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'stacktrace',
  'add_http_cors_header',
])

/** What each query of a reader is held to; seconds, rows and bytes. */
export interface ReaderLimits {
  readonly max_execution_time: number
  readonly max_result_rows: number
  readonly max_result_bytes: number
  readonly max_memory_usage: number
}

const NAME = /^[a-z][a-z0-9_]{1,99}$/

/**
 * The statements that bring a fresh connection to what a request asked for: database, parameters, settings, and for
 * a reader the limits and at last `readonly = 1`, after which it can neither write, nor change a setting, nor reach
 * a file or another host.
 */
export function prelude(options: {
  readonly access: 'read' | 'write'
  readonly readonly: boolean
  readonly database: string
  readonly queryId: string
  readonly params: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  readonly limits: ReaderLimits
  /** Every setting the engine has. */
  readonly known: ReadonlySet<string>
  /** Given when only rows of some tenants may be read. */
  readonly seal: TenantSeal | undefined
}): string {
  const set = new Map<string, string>([
    ['implicit_select', '0'],
    ['log_comment', options.queryId],
    // arrow-js reads no compressed record batches; who wants them asks for them
    ['output_format_arrow_compression_method', 'none'],
  ])
  if (options.access === 'read') {
    for (const [name, limit] of Object.entries(options.limits)) set.set(name, String(limit))
    set.set('result_overflow_mode', 'throw')
  }
  for (const [name, value] of options.settings) {
    if (!NAME.test(name)) throw refusal('unknownSetting', `Unknown setting '${name.slice(0, 100)}'`)
    // our own query id stands in log_comment; `readonly` follows from who asks
    if (name === 'readonly' || name === 'log_comment') continue
    const held = options.access === 'read' ? heldSetting(name, value, options) : value
    if (held !== undefined) set.set(name, held)
  }
  const parts = [`USE ${identifier(options.database)}`]
  parts.push(`SET ${[...set].map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`)
  if (options.seal) parts.push(...sealStatements(options.seal))
  for (const [name, value] of options.params) {
    parts.push(`SET param_${name} = ${literal(value)}`)
  }
  // a GET of somebody who may write still may set settings, as in ClickHouse
  if (options.readonly) parts.push(`SET readonly = ${options.access === 'read' ? 1 : 2}`)
  return parts.join('; ')
}

/** A name quoted as an identifier of SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/** Which rows may be read: those of some tenants, in the tables that have a tenant. */
export interface TenantSeal {
  readonly database: string
  readonly tables: readonly string[]
  readonly tenants: readonly string[]
}

/**
 * The engine puts the filter under every read of these tables, however the query names them. No other setting may weaken it:
 * conditions of the query run after it, and nothing that another tenant's query left behind is used again.
 */
function sealStatements({ database, tables, tenants }: TenantSeal): string[] {
  const list = tenants.map(literal).join(', ')
  const filter = tenants.length === 0 ? '0' : `tenant IN (${list})`
  const entries = tables.map((table) => `${literal(`${database}.${table}`)}: ${literal(filter)}`)
  return [
    `SET additional_table_filters = {${entries.join(', ')}}, use_query_condition_cache = 0, use_query_cache = 0, short_circuit_function_evaluation = 'force_enable'`,
  ]
}

const SUFFIXES = ['', 'k', 'm', 'g', 't', 'p']

/** A limit as ClickHouse writes it: `65`, `1e9`, `10G`, `20Gi`; `auto`, `inf` and nothing at all ask for no limit (0). */
function limitOf(value: string): number | undefined {
  const text = value.trim().toLowerCase()
  if (/^(|auto.*|\+?inf(inity)?)$/.test(text)) return 0
  const found = /^([-+]?[\d.]+(?:e[-+]?\d+)?)([kmgtp]?)(i?)b?$/.exec(text)
  const number = Number(found?.[1])
  if (found === null || Number.isNaN(number)) return undefined
  return number * (found[3] === 'i' ? 1024 : 1000) ** SUFFIXES.indexOf(found[2]!)
}

/**
 * What a read user's setting becomes: its value, our limit when it asks for more, or nothing when it has no effect here.
 * @throws EngineError when it would reach outside, or is no setting
 */
function heldSetting(
  name: string,
  value: string,
  { limits, known, seal }: { limits: ReaderLimits; known: ReadonlySet<string>; seal: TenantSeal | undefined },
): string | undefined {
  const limit = limits[name as keyof ReaderLimits]
  if (limit !== undefined) {
    const wanted = limitOf(value)
    if (wanted === undefined)
      throw refusal('badArguments', `Setting ${name} must be a number, not '${value.slice(0, 100)}'`)
    // 0 means "no limit" to ClickHouse
    return String(wanted > 0 ? Math.min(wanted, limit) : limit)
  }
  if (READER_SETTINGS.has(name)) return seal && name === 'use_query_condition_cache' ? undefined : value
  if (!known.has(name)) throw refusal('unknownSetting', `Unknown setting '${name}'`)
  if (isRefusedSetting(name)) throw refusal('readonly', `Cannot modify '${name}' setting in readonly mode`)
  return undefined
}
