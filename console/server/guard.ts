import type { FastifyInstance } from 'fastify'
import { isOwnHost } from '../../store/ownHost.ts'
import { apiError } from '../signIn/principal.ts'

export interface GuardOptions {
  /** Host names (without port) that are this console, beside localhost, addresses, and names without a dot. */
  readonly names: readonly string[]
}

/** What the browser may do with the page: everything it needs comes from this console, nobody may frame it. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // With `no-referrer` a browser sends `Origin: null` with the sign-in form, which the guard refuses.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const

/** Addresses that answer data. A browser's address bar, a link or a frame never needs them: pages fetch them. */
const DATA = /^\/(api|clickhouse|metrics)(\/|\?|$)/

/**
 * Refuses requests of other sites' pages, and puts the security headers on every answer. A page of another site may open a page of the
 * console (a link in a chat); it may open nothing that answers data, since a query would run and be logged with what it carried.
 */
export function guard(app: FastifyInstance, { names }: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    const { host, origin } = request.headers
    if (!isOwnHost(host, names)) return reply.code(421).send(apiError('host_not_allowed', host))
    const header = (name: string) => String(request.headers[name] ?? '')
    const site = header('sec-fetch-site')
    const mode = header('sec-fetch-mode')
    const elsewhere = site === 'cross-site' || site === 'same-site'
    // the address bar sends `none`: a person who opens /metrics or a JSON address by hand
    const opened =
      mode === 'navigate' &&
      header('sec-fetch-dest') === 'document' &&
      request.method === 'GET' &&
      !DATA.test(request.url)
    const foreign = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host
    const framed = /^(iframe|frame|object|embed)$/.test(header('sec-fetch-dest'))
    if (foreign || framed || (elsewhere && !opened))
      return reply.code(403).send(apiError('origin_not_allowed', origin))
  })
}
