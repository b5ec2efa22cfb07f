/** How a CDN writes its log: which of its fields is what. Data only; `readLogLine` does the reading. */
export interface FieldMap {
  /** Where the format is described. */
  readonly docs: string
  /** Names of the columns, where a line is tab-separated; without it a line is a JSON object. */
  readonly columns?: readonly string[]
  readonly time: { readonly field: string; readonly unit: 's' | 'ms' | 'iso' }
  /** The first of these that is there names the edge. */
  readonly edge: readonly string[]
  /** Path, or whole address, of what was asked for. */
  readonly path: string
  /** Its query, where it stands apart. */
  readonly query?: string
  /** CMCD, where the CDN has taken it out of the address or the headers. */
  readonly cmcd?: string
  readonly status: string
  readonly bytes: string
  readonly ttfb?: { readonly field: string; readonly unit: 's' | 'ms' }
  /** Its value says whether the answer came from the cache. */
  readonly cache: { readonly field: string; readonly hit: readonly string[] }
}
