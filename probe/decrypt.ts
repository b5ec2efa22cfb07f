import { createDecipheriv } from 'node:crypto'
import type { Failure } from './failure.ts'
import type { HttpClient } from './http.ts'
import type { PieceKey } from './parse/tracks.ts'

/** Bytes as a player would have them; or why they stay sealed; or what is wrong with the key. */
export type Opened =
  | {
      readonly bytes: Buffer
      /** Its length is no multiple of a block. */
      readonly truncated: boolean
      /** The last block does not end as a plain text does: the end is missing, or the key is another one's. */
      readonly unpadded?: boolean
    }
  | { readonly sealed: string }
  | { readonly failure: Failure }

export interface KeyRing {
  /**
   * Opens a segment, a part or an init segment. SAMPLE-AES leaves headers and time stamps readable: its bytes come back
   * as they are.
   */
  readonly open: (bytes: Buffer, key: PieceKey | undefined, sequence: number) => Promise<Opened>
}

const KEY_BYTES = { 'AES-128': 16, 'AES-256': 32 } as const
const LARGEST_KEY_BYTES = 4_096
const BLOCK = 16

/** The number of the segment as a block, where the playlist gives no vector (RFC 8216, 5.2). */
function vectorOf(sequence: number): Buffer {
  const vector = Buffer.alloc(BLOCK)
  vector.writeBigUInt64BE(BigInt(Math.max(0, sequence)), 8)
  return vector
}

/** Fetches keys once each, and decrypts with them. */
export function keyRing(http: HttpClient, timeout_ms: number, signal: AbortSignal): KeyRing {
  const fetched = new Map<string, Promise<Buffer | { sealed: string } | { failure: Failure }>>()

  async function fetchKey(uri: string): Promise<Buffer | { sealed: string } | { failure: Failure }> {
    const url = new URL(uri)
    if (url.protocol === 'data:') {
      const comma = uri.indexOf(',')
      const data = decodeURIComponent(uri.slice(comma + 1))
      return Buffer.from(data, uri.slice(0, comma).endsWith(';base64') ? 'base64' : 'latin1')
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      return { sealed: `its key is at ${url.protocol}` }
    const { status, failure, timedOut, body } = await http.get(uri, {
      timeout_ms,
      signal,
      most_bytes: LARGEST_KEY_BYTES,
    })
    const unavailable = (detail: string) => ({ failure: { reason: 'key_unavailable', detail } as const })
    if (failure !== undefined)
      return failure.reason === 'address_not_allowed'
        ? { failure }
        : unavailable(`${url.pathname}: ${failure.detail}`)
    if (status === 401 || status === 403)
      return { sealed: `its key is refused to the probe (HTTP ${status})` }
    if (timedOut) return unavailable(`${url.pathname}: no whole answer in time`)
    return status >= 200 && status < 300 ? body : unavailable(`${url.pathname}: HTTP ${status}`)
  }

  const keyAt = (uri: string) => {
    let key = fetched.get(uri)
    if (key === undefined) fetched.set(uri, (key = fetchKey(uri)))
    return key
  }

  return {
    async open(bytes, key, sequence) {
      if (key === undefined) return { bytes, truncated: false }
      const bits = KEY_BYTES[key.method as keyof typeof KEY_BYTES]
      const identity = key.format === 'identity' && key.uri !== undefined
      if (bits === undefined) {
        if (!key.method.startsWith('SAMPLE-AES')) return { sealed: `it is encrypted by ${key.method}` }
        // Only whether the key is there can be said: samples are not decrypted.
        const found = identity ? await keyAt(key.uri as string) : undefined
        return found !== undefined && 'failure' in found ? found : { bytes, truncated: false }
      }
      if (!identity) return { sealed: `its key is with ${key.format}` }
      const secret = await keyAt(key.uri as string)
      if (!Buffer.isBuffer(secret)) return secret
      if (secret.length !== bits)
        return {
          failure: { reason: 'key_unavailable', detail: `the key has ${secret.length} bytes, not ${bits}` },
        }
      return decrypt(bytes, secret, key.iv ?? vectorOf(sequence))
    },
  }
}

function decrypt(bytes: Buffer, secret: Buffer, vector: Uint8Array): Opened {
  const truncated = bytes.length % BLOCK !== 0
  const whole = truncated ? bytes.subarray(0, bytes.length - (bytes.length % BLOCK)) : bytes
  const cipher = createDecipheriv(secret.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc', secret, vector)
  cipher.setAutoPadding(false)
  const plain = Buffer.concat([cipher.update(whole), cipher.final()])
  const padding = plain.at(-1) ?? 0
  const padded =
    padding >= 1 && padding <= BLOCK && plain.subarray(-padding).every((byte) => byte === padding)
  return {
    bytes: padded ? plain.subarray(0, plain.length - padding) : plain,
    truncated,
    unpadded: !padded,
  }
}
