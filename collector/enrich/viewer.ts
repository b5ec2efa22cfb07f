import { hash } from 'node:crypto'
import type { Tenant } from '../auth/tenants.ts'

const HEX_DIGITS = 24

/**
 * A step: viewers become 96 bits of SHA-256 over the tenant's salt and what the client called them, so the same
 * viewer is the same value within a tenant, and nobody without the salt can tell who it is.
 */
export function hashViewer(): (tenant: Tenant, viewer: string, received_ms: number) => string {
  // Remembering the hashes costs what hashing anew does.
  return (tenant, viewer, received_ms) =>
    viewer === '' ? '' : hash('sha256', tenant.saltAt(received_ms) + viewer, 'hex').slice(0, HEX_DIGITS)
}
