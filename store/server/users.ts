import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type EngineError, refusal } from './errors.ts'

/** Somebody who may ask. `write` may do everything that the embedded store offers, `read` only read. */
export interface StoreUser {
  readonly name: string
  readonly password: string
  readonly access: 'read' | 'write'
}

/**
 * Who asks: by Basic authorisation, by X-ClickHouse-User and -Key, or by `user=` and `password=`, in ClickHouse's
 * order; nobody named is `default`.
 */
export function authenticate(
  request: IncomingMessage,
  args: URLSearchParams,
  users: readonly StoreUser[],
): StoreUser | EngineError {
  const { name, password } = credentials(request, args)
  const user = users.find((candidate) => candidate.name === name)
  const same = equal(password, user?.password ?? '')
  if (user && same) return user
  return refusal(
    'authentication',
    `${name.slice(0, 100)}: Authentication failed: password is incorrect, or there is no user with such name`,
  )
}

function credentials(request: IncomingMessage, args: URLSearchParams): { name: string; password: string } {
  const { headers } = request
  if (headers['x-clickhouse-user'] !== undefined || headers['x-clickhouse-key'] !== undefined) {
    return {
      name: single(headers['x-clickhouse-user']) || 'default',
      password: single(headers['x-clickhouse-key']),
    }
  }
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')
  if (basic) {
    const text = Buffer.from(basic[1] as string, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return colon < 0
      ? { name: text, password: '' }
      : { name: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  return { name: args.get('user') || 'default', password: args.get('password') ?? '' }
}

function single(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
