import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { API_ERRORS, type ApiErrorCode } from '../api.ts'

export interface GuardOptions {
  /** Host names (without port) that are this console, beside localhost, addresses, and names without a dot. */
  readonly names: readonly string[]
}

/** What the browser may do with the page: everything it needs comes from this console, nobody may frame it. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const

const hostOf = (host: string): string => {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '')
  return name.toLowerCase().replace(/\.$/, '')
}

/**
 * Whether a Host header names this console. A web page elsewhere can make its own domain name point here (DNS rebinding) and
 * read the answers as its own; it cannot do so with an address, `localhost`, or a name without a dot (a container's).
 */
export function isOurs(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false
  const name = hostOf(host)
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true
  return /^[a-z0-9_-]+$/.test(name) || names.some((each) => each.toLowerCase() === name)
}

export const apiError = (code: ApiErrorCode, detail?: string) => ({
  error: { code, message: API_ERRORS[code].help, detail },
})

/** Refuses requests of other sites' pages, and puts the security headers on every answer. */
export function guard(app: FastifyInstance, { names }: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    const { host, origin } = request.headers
    if (!isOurs(host, names)) return reply.code(421).send(apiError('host_not_allowed', host))
    const site = request.headers['sec-fetch-site']
    const opened = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
    const foreign = origin !== undefined && origin.replace(/^https?:\/\//, '') !== host
    if (foreign || ((site === 'cross-site' || site === 'same-site') && !opened))
      return reply.code(403).send(apiError('origin_not_allowed', origin))
  })
}
