/** How a tenant's public key is narrowed; all of it optional. */
export interface TenantPolicy {
  /** Largest sampling weight taken from players (default 1: players do not sample). */
  readonly maxWeight?: number
  /** Share of its sessions whose heartbeats count, 0 to 1 (default 1: all). The others are advised to report seldom. */
  readonly sample?: number
  /** Origins (`https://shop.example`) that browsers may report from; others are refused. None: any. */
  readonly origins?: readonly string[]
  /** Whether players need a session token beside the public key. */
  readonly tokensOnly?: boolean
}
