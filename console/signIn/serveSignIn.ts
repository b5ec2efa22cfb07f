import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { aboutOf, hasRole, LOCAL, type Principal, sees, sendError } from './principal.ts'
import { isData, neededRole, pathOf, tokenOf } from './request.ts'
import { SESSION_COOKIE, type SignedInOptions, serveSignInRoutes, tenantsOf } from './signInRoutes.ts'
import { refuseSql, sqlOf, withoutSecrets } from './sqlAnswer.ts'
import { createTokens, principalFrom } from './tokens.ts'

export type SignInOptions = { readonly kind: 'none' } | { readonly kind: 'outside' } | SignedInOptions

/**
 * Lets in whoever signed in, and nobody else, and writes who looked, asked and changed. Where nobody signs in (loopback, or something
 * before the console guards it), everybody may do everything and nothing is written.
 */
export function serveSignIn(app: FastifyInstance, options: SignInOptions): void {
  app.decorateRequest('principal', undefined)
  if (options.kind === 'none' || options.kind === 'outside') {
    app.addHook('onRequest', async (request) => {
      request.principal = LOCAL
    })
    app.get('/api/me', async () => aboutOf(LOCAL))
    return
  }
  const { clock, audit, revoked_tokens } = options
  const given = options
  const tokens = createTokens(options)
  const revoked = new Set(revoked_tokens)
  const signedOut = new Map<string, number>()
  app.register(cookie)
  app.register(rateLimit, { global: false })

  async function identify(request: FastifyRequest): Promise<Principal | undefined> {
    const text = tokenOf(request)
    if (text !== undefined && text !== '') {
      const claims = await tokens.read('token', text)
      const principal = claims && principalFrom('token', claims)
      return principal && !revoked.has(principal.id) ? principal : undefined
    }
    const session = request.cookies[SESSION_COOKIE]
    const claims = session === undefined ? undefined : await tokens.read('session', session)
    const principal = claims && principalFrom('session', claims)
    if (!principal || signedOut.has(principal.id)) return undefined
    // an account that was removed or changed counts as it is now, not as it was when the session began
    if (given.kind !== 'accounts') return principal
    const account = given.accounts.find(({ name }) => name === principal.name)
    return account && { ...principal, role: account.role, tenants: tenantsOf(account.tenants) }
  }

  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request.url)
    const needed = neededRole(request.method, path)
    request.principal = await identify(request)
    if (needed === undefined) return
    const { principal } = request
    if (principal === undefined) {
      if (!isData(path) && request.method === 'GET')
        return reply.redirect(`/sign-in?to=${encodeURIComponent(request.url)}`, 302)
      if (path.startsWith('/clickhouse')) return refuseSql(reply, 'sign in: send a token as the password')
      return sendError(reply.header('www-authenticate', 'Bearer'), 'not_signed_in')
    }
    // a browser names the page that sends a change; a cookie alone is no proof that the person meant it
    const changes = request.method !== 'GET' && request.method !== 'HEAD'
    if (changes && principal.how === 'session' && request.headers.origin === undefined)
      return sendError(reply, 'origin_not_allowed', 'a change by a session needs the header Origin')
    if (!hasRole(principal, needed)) {
      if (path.startsWith('/clickhouse'))
        return refuseSql(reply, `the role ${principal.role} may not ask SQL`, 403)
      return sendError(reply, 'not_allowed', `${request.method} ${path} needs the role ${needed}`)
    }
    if (path === '/metrics' && principal.tenants !== '*')
      return sendError(reply, 'not_allowed', 'metrics are of all tenants')
  })

  app.addHook('preHandler', async (request, reply) => {
    const { principal } = request
    if (principal === undefined || principal.tenants === '*' || !pathOf(request.url).startsWith('/api/'))
      return
    // each route reads the tenant from here: one that is not theirs is as if it were not there
    const query = request.query as { tenant?: string }
    query.tenant ??= principal.tenants[0] ?? ''
    if (!sees(principal, query.tenant)) return sendError(reply, 'not_found', `no tenant ${query.tenant}`)
  })

  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request.url)
    const { principal } = request
    if (neededRole(request.method, path) === undefined) return
    const sql = path.startsWith('/clickhouse')
    const reads = request.method === 'GET' || request.method === 'HEAD'
    audit.note({
      time_ms: clock(),
      who: principal?.name ?? '',
      how: principal?.how ?? 'nobody',
      action: sql ? 'asked' : reads ? 'looked' : 'changed',
      detail: sql ? sqlOf(request) : `${request.method} ${withoutSecrets(request.url)}`,
      tenant: (request.query as { tenant?: string } | undefined)?.tenant ?? '',
      address: request.ip,
      status: reply.statusCode,
    })
  })

  app.register(async (scope) => serveSignInRoutes(scope, { options: given, tokens, signedOut }))
}
