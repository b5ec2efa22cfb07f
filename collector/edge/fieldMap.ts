/** Where a log has a duration, and its unit. The first field that is there counts. */
export interface Duration {
  readonly fields: readonly string[]
  readonly unit: 's' | 'ms' | 'ns'
}

/**
 * How a CDN writes its log: which of its fields is what. Data only; `readLogLine` does the reading. Of several names the
 * first that is there counts; a name with dots reaches into an object.
 */
export interface FieldMap {
  /** Where the format is described. */
  readonly docs: string
  /** Names of the columns, where a line is tab-separated; without it a line is a JSON object. */
  readonly columns?: readonly string[]
  /** ISO 8601, or seconds, milliseconds, microseconds or nanoseconds since the epoch: told by the number's size. */
  readonly time: readonly string[]
  /** Names the edge. */
  readonly edge: readonly string[]
  /** Path, or whole address, of the request. */
  readonly path: readonly string[]
  /** Its query, where it stands apart. */
  readonly query?: readonly string[]
  /** CMCD, where the CDN has taken it out of the address or the headers. */
  readonly cmcd?: readonly string[]
  /** The page that asked: its address, or its host. */
  readonly referer?: readonly string[]
  readonly status: readonly string[]
  readonly bytes: readonly string[]
  readonly ttfb?: Duration
  /** Whether the answer came from the cache. */
  readonly cache: { readonly fields: readonly string[]; readonly hit: RegExp }
  /** The edge's own request to the origin or shield, where the log has it: present when `status` or `ttfb` is. */
  readonly origin?: {
    readonly node?: readonly string[]
    readonly status?: readonly string[]
    readonly ttfb?: Duration
  }
}
