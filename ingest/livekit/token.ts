import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { objectIn, readObject } from '../readJson.ts'

export type TokenVerdict =
  | { readonly ok: true; readonly apiKey: string }
  | {
      readonly ok: false
      readonly code: 'no_token' | 'unknown_key' | 'bad_signature' | 'expired' | 'body_differs'
    }

const LEEWAY_S = 60

function same(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * Verifies the JSON Web Token of a LiveKit webhook: HS256 by the API key's secret, its times, and the claim
 * `sha256`, which is the body's digest in base64.
 */
export function verifyWebhookToken(options: {
  readonly token: string | undefined
  readonly body: Buffer
  /** API secrets by API key. */
  readonly secrets: Readonly<Record<string, string>>
  readonly now_ms: number
}): TokenVerdict {
  const parts = options.token?.replace(/^Bearer /, '').split('.') ?? []
  if (parts.length !== 3) return { ok: false, code: 'no_token' }
  const [head, payload, sign] = parts as [string, string, string]
  const header = objectIn(readObject(Buffer.from(head, 'base64url')))
  const claims = objectIn(readObject(Buffer.from(payload, 'base64url')))
  const apiKey = typeof claims.iss === 'string' ? claims.iss : ''
  const secret = Object.hasOwn(options.secrets, apiKey) ? options.secrets[apiKey] : undefined
  if (secret === undefined) return { ok: false, code: 'unknown_key' }
  const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest()
  if (header.alg !== 'HS256' || !same(Buffer.from(sign, 'base64url'), expected)) {
    return { ok: false, code: 'bad_signature' }
  }
  const now_s = options.now_ms / 1000
  if (typeof claims.exp !== 'number' || claims.exp + LEEWAY_S < now_s) return { ok: false, code: 'expired' }
  if (typeof claims.nbf === 'number' && claims.nbf - LEEWAY_S > now_s) return { ok: false, code: 'expired' }
  const digest = createHash('sha256').update(options.body).digest()
  const claimed = typeof claims.sha256 === 'string' ? Buffer.from(claims.sha256, 'base64') : Buffer.alloc(0)
  return same(claimed, digest) ? { ok: true, apiKey } : { ok: false, code: 'body_differs' }
}
