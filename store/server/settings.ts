import { literal } from './engine.ts'
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

/** Settings a reader may change: how a result looks, and limits (these only downwards). */
const READER_SETTINGS: ReadonlySet<string> = new Set([
  'max_threads',
  'max_block_size',
  'max_rows_to_read',
  'max_bytes_to_read',
  'read_overflow_mode',
  'result_overflow_mode',
  'timeout_overflow_mode',
  'group_by_overflow_mode',
  'max_rows_to_group_by',
  'extremes',
  'join_use_nulls',
  'session_timezone',
  'use_query_condition_cache',
  'limit',
  'offset',
  'date_time_output_format',
  'date_time_input_format',
  'cast_string_to_date_time_mode',
  'count_distinct_implementation',
  'allow_experimental_analyzer',
  'enable_analyzer',
  'query_plan_optimize_lazy_materialization',
])

const READER_PREFIXES = ['output_format_', 'format_'] as const

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
    if (name === 'readonly') continue
    if (name === 'log_comment') throw refusal('notImplemented', 'log_comment carries the query id here')
    if (options.access === 'read') checkReader(name, value, options.limits)
    set.set(name, value)
  }
  const parts = [`USE ${identifier(options.database)}`]
  parts.push(`SET ${[...set].map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`)
  for (const [name, value] of options.params) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw refusal('badParameter', `Bad query parameter name '${name.slice(0, 100)}'`)
    }
    parts.push(`SET param_${name} = ${literal(value)}`)
  }
  // a GET of somebody who may write still may set settings, as in ClickHouse
  if (options.readonly) parts.push(`SET readonly = ${options.access === 'read' ? 1 : 2}`)
  return parts.join('; ')
}

export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

function checkReader(name: string, value: string, limits: ReaderLimits): void {
  const limit = limits[name as keyof ReaderLimits]
  if (limit !== undefined) {
    const wanted = Number(value)
    if (!(wanted > 0 && wanted <= limit)) {
      throw refusal('constraint', `Setting ${name} shouldn't be greater than ${limit}`)
    }
    return
  }
  if (READER_SETTINGS.has(name) || READER_PREFIXES.some((prefix) => name.startsWith(prefix))) return
  throw refusal('readonly', `Cannot modify '${name}' setting in readonly mode`)
}
