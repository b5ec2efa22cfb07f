import type { Log } from '../log/log.ts'
import type { EventRoute } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import type { WriteKey } from './auth/keyRing.ts'
import type { TenantPolicy } from './auth/tenantPolicy.ts'
import type { TenantSalt } from './auth/tenants.ts'
import type { EdgeSource } from './edge/edgeSource.ts'
import type { PrefixLimits, TenantLimits } from './limits/limits.ts'

/** Headers that are believed when they come from a trusted proxy; the first that is there counts. Lower case. */
export interface ProxyHeaders {
  readonly address: readonly string[]
  readonly country: readonly string[]
  readonly region: readonly string[]
  readonly isp: readonly string[]
}

export const PROXY_HEADERS: ProxyHeaders = {
  address: ['x-forwarded-for'],
  country: ['x-firstframe-country', 'cf-ipcountry', 'cloudfront-viewer-country'],
  region: ['x-firstframe-region', 'cloudfront-viewer-country-region'],
  isp: ['x-firstframe-isp'],
}

export interface BatchingOptions {
  /** Two flushes begin at least this far apart, ms: what a beacon waits at most before its batch is appended. 0 to 1,000. */
  readonly linger_ms: number
  /** Rows a message holds at most; a flush begins at once when one is full. */
  readonly maxRows: number
  /** Bytes kept in memory while the log is slow; beyond it requests are answered 503. */
  readonly maxPending_bytes: number
}

export const BATCHING: BatchingOptions = {
  linger_ms: 20,
  maxRows: 1_000,
  maxPending_bytes: 64 << 20,
}

export interface CollectorOptions {
  readonly log: Log
  /** Names this collector in ticks and rows; differs from every other live collector's. */
  readonly name: string
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
  /** The secret that salts are derived from, for tenants without a salt of their own; the same on all collectors. */
  readonly salt: string
  /** The salts of tenants that have their own. */
  readonly salts?: Readonly<Record<string, TenantSalt>>
  /** Write keys by key: public ones of players, secret ones of servers. */
  readonly keys?: Readonly<Record<string, WriteKey>>
  /** The file of further server keys (`firstframe keys`). */
  readonly keyFile?: string
  /** How the tenants' public keys are narrowed. */
  readonly policies?: Readonly<Record<string, TenantPolicy>>
  /** What tenants may send. */
  readonly limits?: Readonly<Record<string, TenantLimits & { readonly streams_per_hour?: number }>>
  readonly prefixLimits?: Partial<PrefixLimits>
  /** Secrets that sign session tokens, by tenant, newest first. */
  readonly tokenSecrets?: Readonly<Record<string, readonly string[]>>
  /** Whether the key `demo` (tenant `demo`) exists, and CMCD without a key is taken for it. */
  readonly demo?: boolean
  /** Countries and network operators by address. Default true. */
  readonly addresses?: boolean
  /** Where the compact table of network operators is kept between starts; without it, it is built at each start. */
  readonly cacheFolder?: string
  /** Addresses or CIDR ranges whose `ProxyHeaders` are believed. */
  readonly trustedProxies?: readonly string[]
  readonly proxyHeaders?: Partial<ProxyHeaders>
  readonly batching?: Partial<BatchingOptions>
  /** How often a tick goes to every partition, ms (default 1,000). */
  readonly tickEvery_ms?: number
  /** CDN log sources of `POST /v1/edge`, by name. */
  readonly edge?: Readonly<Record<string, EdgeSource>>
  /** The show that declared a stream, for reports that name only the stream. */
  readonly showOf?: (tenant: string, stream: string) => string | undefined
  /** The artificial delay that a show declares, ms: it is taken off the live latency of its facts. */
  readonly delayOf?: (tenant: string, show: string) => number
  /** Why the process is not ready besides the log, for `GET /readyz`; undefined when it is. */
  readonly unready?: () => string | undefined
  /** Further addresses, such as those of `ingest/`. */
  readonly routes?: readonly EventRoute[]
}
