import type { FastifyReply, FastifyRequest } from 'fastify'
import { API_ERRORS, type ApiErrorCode } from '../api.ts'

/** What somebody may do; each role may all that those before it may. */
export const ROLES = ['viewer', 'analyst', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Whoever asks, once it is known who that is. */
export interface Principal {
  readonly name: string
  readonly role: Role
  /** Tenants whose facts they may see; `*` is all. */
  readonly tenants: readonly string[] | '*'
  readonly how: 'local' | 'session' | 'token'
  /** Names the session or the token. */
  readonly id: string
  /** When it ends, ms since the epoch. */
  readonly expires_ms: number
}

/** Who asks where nobody signs in. */
export const LOCAL: Principal = {
  name: 'local',
  role: 'admin',
  tenants: '*',
  how: 'local',
  id: '',
  expires_ms: Number.POSITIVE_INFINITY,
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route that needs somebody. */
    principal: Principal | undefined
  }
}

/** Whether somebody’s role includes the needed one. */
export const hasRole = ({ role }: Pick<Principal, 'role'>, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed)

/** Whether they may see a tenant's facts. Without a tenant: everybody's. */
export const sees = ({ tenants }: Pick<Principal, 'tenants'>, tenant: string | undefined): boolean =>
  tenants === '*' || (tenant !== undefined && tenants.includes(tenant))

/** Who makes a request; the local person where nobody has to sign in. */
export const principalOf = ({ principal }: FastifyRequest): Principal => principal ?? LOCAL

/** What `/api/me` answers. */
export const aboutOf = ({ name, role, tenants, how }: Principal) => ({ name, role, tenants, how })
export type Me = ReturnType<typeof aboutOf>

/** Who signs a change: whoever signed in; where nobody does, the name that was given. */
export const signerOf = (request: FastifyRequest, given: unknown): unknown => {
  const { how, name } = principalOf(request)
  return how === 'local' ? given : name.slice(0, 128)
}

/** The one shape of an error of the console's API. */
export const apiError = (code: ApiErrorCode, detail?: string) => ({
  error: { code, message: API_ERRORS[code].help, detail },
})

/** Answers an error in that shape, with the code's own status. */
export const sendError = (reply: FastifyReply, code: ApiErrorCode, detail?: string): FastifyReply =>
  reply.code(API_ERRORS[code].status).send(apiError(code, detail))
