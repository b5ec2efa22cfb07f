/** Formats of CDN logs that have a field map. */
export const LOG_FORMATS = [
  'cloudfront',
  'fastly',
  'akamai',
  'alibaba',
  'cloudflare',
  'gcp',
  'nginx',
] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** One CDN (or one property of it) that sends its logs to `POST /v1/edge`. */
export interface EdgeSource {
  readonly format: LogFormat
  /** What the sender shows: see `presentedSecrets`. */
  readonly secret: string
  readonly tenant: string
  /** The dimension `cdn` of its facts; the source's name when left out. */
  readonly cdn?: string
  readonly show?: string
  readonly app?: string
  /** Where these servers stand: `edge` (default), or `origin` (shields and origin servers that write the same log). */
  readonly hop?: 'edge' | 'origin'
  /** Names of the columns of a tab-separated log, in order, where not all fields were chosen. */
  readonly fields?: readonly string[]
  /**
   * Hosts of the own pages; `.shop.example` names every host below it. A refusal that another host's page asked for is
   * hotlinking; without this every refusal is a viewer's.
   */
  readonly referers?: readonly string[]
  /** Fastly service ids that may send here; their digests answer Fastly's challenge. Default: any. */
  readonly service_ids?: readonly string[]
  /**
   * A pattern over the path whose first group names the stream; by default the folder the file is in. A record with
   * CMCD in its address is named by `cid` instead.
   */
  readonly stream?: string
}
