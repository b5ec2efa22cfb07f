import { createHash } from 'node:crypto'
import type { Tenant } from '../tenants.ts'

const KEPT = 100_000
const HEX_DIGITS = 24

/**
 * A step: viewers become 96 bits of SHA-256 over the tenant's salt and what the client called them, so the same
 * viewer is the same value within a tenant, and nobody without the salt can tell who it is.
 */
export function hashViewer(): (tenant: Tenant, viewer: string) => string {
  const tenants = new Map<string, Known>()
  return function viewerHash(tenant, viewer) {
    if (viewer === '') return ''
    let known = tenants.get(tenant.name)
    if (known === undefined) {
      known = { current: new Map(), before: new Map() }
      tenants.set(tenant.name, known)
    }
    return known.current.get(viewer) ?? remember(known, viewer, tenant.salt)
  }
}

interface Known {
  current: Map<string, string>
  before: Map<string, string>
}

function remember(known: Known, viewer: string, salt: string): string {
  const hash =
    known.before.get(viewer) ??
    createHash('sha256').update(salt).update(viewer).digest('hex').slice(0, HEX_DIGITS)
  // Two generations: whoever was not seen for a while is forgotten without keeping an order.
  if (known.current.size >= KEPT) {
    known.before = known.current
    known.current = new Map()
  }
  known.current.set(viewer, hash)
  return hash
}
