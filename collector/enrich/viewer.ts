import { createHash } from 'node:crypto'
import type { Tenant } from '../tenants.ts'

const KEPT = 100_000
const HEX_DIGITS = 24

/**
 * A step: viewers become 96 bits of SHA-256 over the tenant's salt and what the client called them, so the same
 * viewer is the same value within a tenant, and nobody without the salt can tell who it is.
 */
export function hashViewer(): (tenant: Tenant, viewer: string) => string {
  let known = new Map<string, string>()
  let before = new Map<string, string>()
  return function viewerHash(tenant, viewer) {
    if (viewer === '') return ''
    const text = `${tenant.salt}${viewer}`
    let hash = known.get(text)
    if (hash !== undefined) return hash
    hash = before.get(text) ?? createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS)
    // Two generations: whoever was not seen for a while is forgotten without keeping an order.
    if (known.size >= KEPT) {
      before = known
      known = new Map()
    }
    known.set(text, hash)
    return hash
  }
}
