import { hasRole, type Principal, ROLES, type Role, sees } from './principal.ts'

const MAX_TOKEN_DAYS = 366

/** What a new token may do: at most what its owner may. A string says what is wrong. */
export function readTokenRequest(text: string, owner: Principal) {
  let body: { name?: unknown; role?: unknown; tenants?: unknown; days?: unknown }
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    return 'the body is not JSON'
  }
  const { name, role = 'viewer', tenants = owner.tenants, days = 90 } = body ?? {}
  if (typeof name !== 'string' || !/^[\w .:-]{1,64}$/.test(name))
    return 'name: up to 64 letters, digits, spaces and .:-'
  if (!ROLES.includes(role as Role)) return `role: one of ${ROLES.join(', ')}`
  if (!hasRole(owner, role as Role)) return `role: yours is ${owner.role}`
  if (tenants !== '*' && !(Array.isArray(tenants) && tenants.every((each) => typeof each === 'string')))
    return 'tenants: a list of names, or "*"'
  if (tenants === '*' ? owner.tenants !== '*' : !(tenants as string[]).every((each) => sees(owner, each)))
    return 'tenants: not all of them are yours'
  if (typeof days !== 'number' || !(days > 0 && days <= MAX_TOKEN_DAYS))
    return `days: more than 0, at most ${MAX_TOKEN_DAYS}`
  return { sub: `${owner.name}/${name}`, role, tenants, days }
}
