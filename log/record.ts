import type { LogMessage } from './log.ts'

/**
 * A message as bytes in the embedded log:
 * `version u8 · appended_ms f64 · key length u16 (65535: no key) · key · header count u8 · headers · value`,
 * a header being `name length u8 · name · value length u16 · value`, text in UTF-8.
 */
const VERSION = 1
const NO_KEY = 0xffff
const FIXED = 1 + 8 + 2 + 1

/** The limits the layout sets; `encodeRecord` throws a RangeError beyond them. */
export const RECORD_LIMITS = {
  key_bytes: 1_000,
  headers: 255,
  headerName_bytes: 255,
  headerValue_bytes: 65_535,
}

/** What a record holds beside its place. */
export interface StoredRecord {
  readonly appended_ms: number
  readonly key?: string
  readonly headers: Record<string, string>
  readonly value: Uint8Array
}

/** One copy of the value, behind its head. */
export function encodeRecord(
  message: Pick<LogMessage, 'key' | 'headers' | 'value'>,
  appended_ms: number,
): Buffer {
  const { key, headers, value } = message
  const key_bytes = key === undefined ? 0 : Buffer.byteLength(key)
  if (key_bytes > RECORD_LIMITS.key_bytes) throw new RangeError(`a key of ${key_bytes} bytes`)
  const names = Object.keys(headers)
  if (names.length > RECORD_LIMITS.headers) throw new RangeError(`${names.length} headers`)
  let size = FIXED + key_bytes + value.length
  for (const name of names) {
    const name_bytes = Buffer.byteLength(name)
    const value_bytes = Buffer.byteLength(headers[name]!)
    if (name_bytes > RECORD_LIMITS.headerName_bytes || value_bytes > RECORD_LIMITS.headerValue_bytes)
      throw new RangeError(`the header ${name.slice(0, 40)} is too long`)
    size += 3 + name_bytes + value_bytes
  }
  const bytes = Buffer.allocUnsafe(size)
  bytes[0] = VERSION
  bytes.writeDoubleBE(appended_ms, 1)
  let at = bytes.writeUInt16BE(key === undefined ? NO_KEY : key_bytes, 9)
  if (key !== undefined) at += bytes.write(key, at)
  at = bytes.writeUInt8(names.length, at)
  for (const name of names) {
    const name_bytes = bytes.write(name, at + 1)
    bytes[at] = name_bytes
    at += 1 + name_bytes
    const value_bytes = bytes.write(headers[name]!, at + 2)
    bytes.writeUInt16BE(value_bytes, at)
    at += 2 + value_bytes
  }
  bytes.set(value, at)
  return bytes
}

/** The inverse of `encodeRecord`; the value is a view of `bytes`. Throws on an unknown layout. */
export function decodeRecord(bytes: Buffer): StoredRecord {
  if (bytes[0] !== VERSION) throw new Error(`a log record of an unknown layout (${bytes[0]})`)
  const key_bytes = bytes.readUInt16BE(9)
  let at = 11
  let key: string | undefined
  if (key_bytes !== NO_KEY) {
    key = bytes.toString('utf8', at, at + key_bytes)
    at += key_bytes
  }
  const headers: Record<string, string> = {}
  for (let count = bytes[at++]!; count > 0; count -= 1) {
    const nameEnd = at + 1 + bytes[at]!
    const name = bytes.toString('utf8', at + 1, nameEnd)
    at = nameEnd + 2 + bytes.readUInt16BE(nameEnd)
    headers[name] = bytes.toString('utf8', nameEnd + 2, at)
  }
  const record = { appended_ms: recordTime(bytes), headers, value: bytes.subarray(at) }
  return key === undefined ? record : { ...record, key }
}

/** When the record was appended, without decoding the rest. */
export function recordTime(bytes: Buffer): number {
  return bytes.readDoubleBE(1)
}
