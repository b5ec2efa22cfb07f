import { createHash } from 'node:crypto'
import type { Tenant } from '../auth/tenants.ts'
import { ownText } from '../ownText.ts'

const KEPT = 20_000
const HEX_DIGITS = 24

/**
 * A step: viewers become 96 bits of SHA-256 over the tenant's salt and what the client called them, so the same
 * viewer is the same value within a tenant, and nobody without the salt can tell who it is.
 */
export function hashViewer(): (tenant: Tenant, viewer: string, received_ms: number) => string {
  const tenants = new Map<string, Known>()
  return function viewerHash(tenant, viewer, received_ms) {
    if (viewer === '') return ''
    let known = tenants.get(tenant.name)
    const salt = tenant.saltAt(received_ms)
    if (known === undefined || known.salt !== salt) {
      known = { salt, current: new Map(), before: new Map() }
      tenants.set(tenant.name, known)
    }
    return known.current.get(viewer) ?? remember(known, viewer, salt)
  }
}

interface Known {
  readonly salt: string
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
  known.current.set(ownText(viewer), hash)
  return hash
}
