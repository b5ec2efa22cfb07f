import type { FastifyReply, FastifyRequest } from 'fastify'

/** Refuses SQL in ClickHouse's words, so that its clients show them. */
export function refuseSql(reply: FastifyReply, why: string, status = 401): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="Firstframe"')
  return reply
    .code(status)
    .type('text/plain')
    .header('x-clickhouse-exception-code', status === 401 ? '516' : '497')
    .send(
      `Code: ${status === 401 ? '516' : '497'}. DB::Exception: ${why} (${status === 401 ? 'AUTHENTICATION_FAILED' : 'ACCESS_DENIED'})\n`,
    )
}

/** An address for the trail. */
export const withoutSecrets = (url: string): string => url.replace(/([?&](?:password|token)=)[^&]*/gi, '$1…')

/** The SQL of a request: in the address, in the body, or in both. */
export function sqlOf(request: FastifyRequest): string {
  const query = (request.query as { query?: string } | undefined)?.query ?? ''
  const { body } = request
  const text =
    Buffer.isBuffer(body) && request.headers['content-encoding'] === undefined
      ? body.toString('utf8', 0, 8192)
      : ''
  return [query, text].filter((each) => each !== '').join('\n')
}
