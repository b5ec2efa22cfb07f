import { createHash, timingSafeEqual } from 'node:crypto'
import { decodeJwt, errors, jwtVerify } from 'jose'

export type TokenVerdict =
  | { readonly ok: true; readonly apiKey: string }
  | {
      readonly ok: false
      readonly code: 'no_token' | 'unknown_key' | 'bad_signature' | 'expired' | 'body_differs'
    }

const LEEWAY_S = 60

/** A digest as it is claimed, in base64 or base64url, with or without padding. */
function sameDigest(claimed: unknown, digest: Buffer): boolean {
  const given = Buffer.from(typeof claimed === 'string' ? claimed : '', 'base64')
  return given.length === digest.length && timingSafeEqual(given, digest)
}

/**
 * Verifies the JSON Web Token of a LiveKit webhook: HS256 by the API key's secret, its times, and the claim
 * `sha256`, which is the body's digest in base64.
 */
export async function verifyWebhookToken(options: {
  readonly token: string | undefined
  readonly body: Buffer
  /** API secrets by API key. */
  readonly secrets: Readonly<Record<string, string>>
  readonly now_ms: number
}): Promise<TokenVerdict> {
  const token = options.token?.trim().replace(/^Bearer\s+/i, '') ?? ''
  let apiKey: string
  try {
    apiKey = String(decodeJwt(token).iss ?? '')
  } catch {
    return { ok: false, code: 'no_token' }
  }
  const secret = Object.hasOwn(options.secrets, apiKey) ? options.secrets[apiKey] : undefined
  if (secret === undefined || secret === '') return { ok: false, code: 'unknown_key' }
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret), {
      algorithms: ['HS256'],
      clockTolerance: LEEWAY_S,
      currentDate: new Date(options.now_ms),
      requiredClaims: ['exp'],
    })
    const digest = createHash('sha256').update(options.body).digest()
    return sameDigest(payload.sha256, digest) ? { ok: true, apiKey } : { ok: false, code: 'body_differs' }
  } catch (error) {
    const claim = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed
    return { ok: false, code: claim ? 'expired' : 'bad_signature' }
  }
}
