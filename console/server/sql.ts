import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TENANTS_HEADER } from '../../store/tenantsHeader.ts'
import { type Principal, principalOf } from '../signIn/principal.ts'

export interface SqlOptions {
  /** The store's HTTP address. */
  readonly url: string
  /** The read-only user. */
  readonly user: string
  readonly password: string
  /** Whether the store is ours, which filters rows by the tenants it is told. A ClickHouse has a user for each tenant instead. */
  readonly filters?: boolean
}

/** Headers of the request that the store may see; who asks is always the read-only user. */
const PASSED = [
  'accept-encoding',
  'content-type',
  'content-encoding',
  'x-clickhouse-database',
  'x-clickhouse-format',
  'x-clickhouse-query-id',
  'x-clickhouse-timezone',
]
const KEPT = /^(content-type|content-encoding|x-clickhouse-.*)$/

/**
 * `/clickhouse/?query=…`: ClickHouse's HTTP interface, read-only, as the user `reader`. Any client can be pointed at it.
 */
export function serveSql(app: FastifyInstance, { url, user, password, filters = false }: SqlOptions): void {
  /** Headers by which the store knows what may be read; undefined when it cannot be told. */
  function rights({ tenants }: Principal): Record<string, string> | undefined {
    const as = (name: string) => ({
      authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
    })
    if (tenants === '*') return as(user)
    if (filters) return { ...as(user), [TENANTS_HEADER]: JSON.stringify(tenants) }
    return tenants.length === 1 ? as(`${user}_${tenants[0]}`) : undefined
  }

  async function pass(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { pathname, searchParams } = new URL(request.raw.url!, 'http://console')
    for (const name of ['user', 'password']) searchParams.delete(name)
    const allowed = rights(principalOf(request))
    if (allowed === undefined)
      return reply
        .code(403)
        .type('text/plain')
        .send(
          'Code: 497. DB::Exception: SQL over several tenants is for those who see all of them: ask as one tenant. (ACCESS_DENIED)\n',
        )
    const headers = new Headers(allowed)
    for (const name of PASSED) {
      const value = request.headers[name]
      if (typeof value === 'string') headers.set(name, value)
    }
    const abort = new AbortController()
    reply.raw.on('close', () => {
      if (!reply.raw.writableFinished) abort.abort()
    })
    const target = `${url}${pathname.replace(/^\/clickhouse/, '') || '/'}?${searchParams}`
    let answer: Response
    try {
      answer = await fetch(target, {
        method: request.method,
        headers,
        signal: abort.signal,
        ...(request.body === undefined || request.body === null
          ? {}
          : { body: new Uint8Array(request.body as Buffer) }),
      })
    } catch (error) {
      if (abort.signal.aborted) return reply
      const cause = (error as Error).cause as Error | undefined
      return reply
        .code(503)
        .header('retry-after', '1')
        .type('text/plain')
        .send(
          `Code: 210. DB::Exception: the store does not answer (${cause?.message ?? (error as Error).message}). Firstframe starts its own again within seconds, so ask again; of another one, ask who runs it. (NETWORK_ERROR)\n`,
        )
    }
    reply.code(answer.status)
    // fetch has already decompressed the body
    for (const [name, value] of answer.headers)
      if (KEPT.test(name) && name !== 'content-encoding') reply.header(name, value)
    return reply.send(answer.body ?? '')
  }

  app.route({ method: ['GET', 'POST', 'HEAD'], url: '/clickhouse', handler: pass })
  app.route({ method: ['GET', 'POST', 'HEAD'], url: '/clickhouse/*', handler: pass })
}
