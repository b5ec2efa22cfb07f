import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Account, findAccount } from './accounts.ts'
import type { Audit } from './audit.ts'
import { createOpenId, type OpenIdOptions, type Pending, type Person } from './openid.ts'
import { aboutOf, type Principal, sendError } from './principal.ts'
import { ownPath, sendRefused, sendSignIn } from './signInPage.ts'
import { readTokenRequest } from './tokenRequest.ts'
import type { Tokens } from './tokens.ts'

/** How people sign in to the console. */
export interface SignedInOptions {
  readonly kind: 'accounts' | 'openid'
  /** Signs sessions and tokens; the same in all consoles that share them. */
  readonly secret: string
  readonly clock: () => number
  /** Whether people reach the console by HTTPS: then the cookie is sent by nothing else. */
  readonly https: boolean
  readonly session_hours: number
  readonly accounts: readonly Account[]
  readonly openid?: OpenIdOptions
  /** Ids of API tokens that count no more. */
  readonly revoked_tokens: readonly string[]
  readonly audit: Audit
}

export const SESSION_COOKIE = 'firstframe_session'
const PENDING_COOKIE = 'firstframe_sign_in'
const PENDING_S = 600
const DAY_S = 86_400

/** The tenants that somebody may see; `*` among them is all. */
export const tenantsOf = (tenants: readonly string[]): Principal['tenants'] =>
  tenants.includes('*') ? '*' : tenants

/**
 * `/sign-in`, `/sign-in/callback`, `/sign-out`; `/api/me`, `/api/tokens`, `/api/audit`.
 * @param signedOut sessions that were ended before their time, by id, with when they would have ended
 */
export function serveSignInRoutes(
  scope: FastifyInstance,
  {
    options,
    tokens,
    signedOut,
  }: { readonly options: SignedInOptions; readonly tokens: Tokens; readonly signedOut: Map<string, number> },
): void {
  const { clock, audit } = options
  async function letIn(request: FastifyRequest, reply: FastifyReply, person: Person, to: unknown) {
    const lifetime_s = options.session_hours * 3600
    const text = await tokens.sign(
      'session',
      { sub: person.name, role: person.role, tenants: person.tenants },
      lifetime_s,
    )
    audit.note(entry(request, person.name, 'signed_in', 302))
    return reply
      .setCookie(SESSION_COOKIE, text, { ...cookieOptions, maxAge: lifetime_s })
      .header('cache-control', 'no-store')
      .redirect(ownPath(to), 302)
  }
  const cookieOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure: options.https } as const
  const entry = (
    request: FastifyRequest,
    who: string,
    action: 'signed_in' | 'signed_out',
    status: number,
  ) => ({
    time_ms: clock(),
    who: who.slice(0, 200),
    how: options.kind,
    action,
    detail: '',
    tenant: '',
    address: request.ip,
    status,
  })

  const limit = { config: { rateLimit: { max: 10, timeWindow: '1 minute' } } }
  if (options.kind === 'accounts') {
    scope.get('/sign-in', async (request, reply) =>
      sendSignIn(request, reply, { to: ownPath((request.query as { to?: string }).to) }),
    )
    scope.post('/sign-in', limit, async (request, reply) => {
      const form = new URLSearchParams(String(request.body ?? ''))
      const [name, password, to] = ['name', 'password', 'to'].map((each) => form.get(each) ?? '') as [
        string,
        string,
        string,
      ]
      const account = await findAccount(options.accounts, name, password.slice(0, 1024))
      if (account) return letIn(request, reply, { ...account, tenants: tenantsOf(account.tenants) }, to)
      audit.note(entry(request, name, 'signed_in', 401))
      return sendSignIn(request, reply.code(401), { to: ownPath(to), problem: 'wrong' })
    })
  } else {
    const openid = createOpenId(options.openid as OpenIdOptions)
    scope.get('/sign-in', limit, async (request, reply) => {
      const { url, pending } = await openid.begin()
      const kept = await tokens.sign(
        'openid',
        { ...pending, to: (request.query as { to?: string }).to },
        PENDING_S,
      )
      return reply
        .setCookie(PENDING_COOKIE, kept, { ...cookieOptions, maxAge: PENDING_S })
        .header('cache-control', 'no-store')
        .redirect(url, 302)
    })
    scope.get('/sign-in/callback', limit, async (request, reply) => {
      const kept = await tokens.read('openid', request.cookies[PENDING_COOKIE] ?? '')
      reply.clearCookie(PENDING_COOKIE, cookieOptions)
      if (!kept) return sendRefused(request, reply.code(400), 'late')
      let person: Person | undefined
      try {
        const callback = new URL((options.openid as OpenIdOptions).callback)
        callback.search = new URL(request.url, callback).search
        person = await openid.finish(callback.href, kept as unknown as Pending)
      } catch (error) {
        audit.note(entry(request, '', 'signed_in', 401))
        return sendRefused(request, reply.code(401), 'refused', (error as Error).message)
      }
      if (person === undefined) {
        audit.note(entry(request, '', 'signed_in', 403))
        return sendRefused(request, reply.code(403), 'noRole')
      }
      return letIn(request, reply, person, kept.to)
    })
  }

  scope.post('/sign-out', async (request, reply) => {
    const { principal } = request
    if (principal?.how === 'session') {
      signedOut.set(principal.id, principal.expires_ms)
      for (const [id, expires_ms] of signedOut) if (expires_ms < clock()) signedOut.delete(id)
      audit.note(entry(request, principal.name, 'signed_out', 302))
    }
    return reply.clearCookie(SESSION_COOKIE, cookieOptions).redirect('/sign-in', 302)
  })

  scope.get('/api/me', async (request) => aboutOf(request.principal as Principal))

  scope.post('/api/tokens', async (request, reply) => {
    const principal = request.principal as Principal
    if (principal.how !== 'session')
      return sendError(reply, 'not_allowed', 'a token makes no tokens: sign in')
    const requested = readTokenRequest(String(request.body ?? ''), principal)
    if (typeof requested === 'string') return sendError(reply, 'bad_request', requested)
    const { days, ...claims } = requested
    const token = await tokens.sign('token', claims, days * DAY_S)
    const { jti, exp } = (await tokens.read('token', token)) as { jti: string; exp: number }
    return { token, id: jti, expires_ms: exp * 1000 }
  })

  scope.get('/api/audit', async (request) => {
    const limit = Number((request.query as { limit?: string }).limit ?? 100)
    return { entries: await audit.list(Math.min(Math.max(limit || 100, 1), 1000)) }
  })
}
