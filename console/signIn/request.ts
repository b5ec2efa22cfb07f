import type { FastifyRequest } from 'fastify'
import type { Role } from './principal.ts'

/** Who may use a route: nobody in particular, or whoever has a role. A route that is not named needs an operator to change, a viewer to read. */
export function neededRole(method: string, path: string): Role | undefined {
  if (/^\/sign-(in|out)(\/|$)/.test(path) || /^\/[\w.-]+\.(js|css|svg|png|woff2)$/.test(path))
    return undefined
  const reads = method === 'GET' || method === 'HEAD'
  if (path === '/api/tokens') return 'viewer'
  if (path === '/api/audit') return 'admin'
  if (/^\/clickhouse(\/|$)/.test(path)) return 'analyst'
  return reads ? 'viewer' : 'operator'
}

/** Whether a path gives data, so that a refusal is JSON and no page. */
export const isData = (path: string): boolean => /^\/(api|clickhouse|metrics)(\/|$)/.test(path)

/** The path, decoded as the router does, so that what is judged is what is served. */
export function pathOf(url: string): string {
  const path = url.split('?', 1)[0] as string
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A token in any of the ways clients can send one: bearer, Basic password, ClickHouse's header or argument. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const { authorization = '' } = request.headers
  const bearer = /^Bearer\s+(\S+)$/i.exec(authorization)
  if (bearer) return bearer[1]
  const basic = /^Basic\s+(\S+)$/i.exec(authorization)
  if (basic)
    return Buffer.from(basic[1] as string, 'base64')
      .toString('utf8')
      .split(':')
      .slice(1)
      .join(':')
  const key = request.headers['x-clickhouse-key']
  if (typeof key === 'string') return key
  const password = (request.query as Record<string, unknown> | undefined)?.password
  return typeof password === 'string' ? password : undefined
}
