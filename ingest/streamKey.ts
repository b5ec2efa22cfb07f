import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Signed stream keys: `rtmp://host/<app>/<stream>?expires=<s since the epoch>&sign=<signature>`.
 *
 * The signature is HMAC-SHA256 over `<app>/<stream>\n<expires>`, base64url without padding. The key lets one name
 * be published until its time, and says nothing about how long a stream that has begun may go on.
 */

export interface StreamKeyOptions {
  readonly secret: string
  readonly app: string
  readonly stream: string
  /** ms since the epoch; rounded up to a second. */
  readonly expires_ms: number
}

export interface VerifyOptions {
  /** Tried in turn, so that a secret can be changed while keys of the old one are still out. */
  readonly secrets: readonly string[]
  readonly app: string
  readonly stream: string
  /** As the encoder sent them: `expires=…&sign=…`, with or without a question mark. */
  readonly args: string
  readonly now_ms: number
}

export type StreamKeyVerdict =
  | { readonly ok: true; readonly expires_ms: number }
  | { readonly ok: false; readonly code: 'unsigned' | 'expired' | 'bad_signature' }

function signature(secret: string, app: string, stream: string, expires: string): Buffer {
  return createHmac('sha256', secret).update(`${app}/${stream}\n${expires}`).digest()
}

/**
 * The stream's name with its arguments, as an encoder wants its "stream key".
 * @example streamKey({ secret: 's', app: 'live', stream: 'show1', expires_ms: 1_800_000_000_000 })
 * // 'show1?expires=1800000000&sign=…'
 */
export function streamKey(options: StreamKeyOptions): string {
  const { secret, app, stream, expires_ms } = options
  const expires = String(Math.ceil(expires_ms / 1000))
  return `${stream}?expires=${expires}&sign=${signature(secret, app, stream, expires).toString('base64url')}`
}

/** Checks a stream key. Of arguments that stand twice the first counts. */
export function verifyStreamKey(options: VerifyOptions): StreamKeyVerdict {
  const given = new URLSearchParams(options.args.replace(/^\?/, ''))
  const expires = given.get('expires')
  const sign = given.get('sign')
  if (expires === null || sign === null || !/^\d{1,12}$/.test(expires)) return { ok: false, code: 'unsigned' }
  const bytes = Buffer.from(sign, 'base64url')
  const signed = options.secrets.some((secret) => {
    const expected = signature(secret, options.app, options.stream, expires)
    return expected.length === bytes.length && timingSafeEqual(expected, bytes)
  })
  if (!signed) return { ok: false, code: 'bad_signature' }
  const expires_ms = Number(expires) * 1000
  return options.now_ms < expires_ms ? { ok: true, expires_ms } : { ok: false, code: 'expired' }
}
