/** A value of AMF0, the encoding of RTMP's commands and FLV's metadata. */
export type AmfValue = number | boolean | string | null | undefined | AmfValue[] | { [key: string]: AmfValue }

const NUMBER = 0
const BOOLEAN = 1
const STRING = 2
const OBJECT = 3
const NULL = 5
const UNDEFINED = 6
const ECMA_ARRAY = 8
const OBJECT_END = 9
const STRICT_ARRAY = 10
const DATE = 11
const LONG_STRING = 12

const MAX_DEPTH = 16
const MAX_ENTRIES = 4_096

class Truncated extends Error {}

/** Reads values until the end. What follows a broken value is left out and `broken` says so; never throws. */
export function readAmf(bytes: Uint8Array): { values: AmfValue[]; broken: boolean } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const values: AmfValue[] = []
  let at = 0
  const take = (count: number): number => {
    if (at + count > buffer.length) throw new Truncated()
    at += count
    return at - count
  }
  const text = (length: number): string => {
    const start = take(length)
    return buffer.toString('utf8', start, start + length)
  }
  const entries = (depth: number): { [key: string]: AmfValue } => {
    const object: { [key: string]: AmfValue } = Object.create(null)
    for (let count = 0; ; count++) {
      if (count > MAX_ENTRIES) throw new Truncated()
      const key = text(buffer.readUInt16BE(take(2)))
      if (key === '' && buffer[at] === OBJECT_END) {
        at++
        return object
      }
      object[key] = value(depth + 1)
    }
  }
  const value = (depth: number): AmfValue => {
    if (depth > MAX_DEPTH) throw new Truncated()
    const marker = buffer[take(1)]
    if (marker === NUMBER) return buffer.readDoubleBE(take(8))
    if (marker === BOOLEAN) return buffer[take(1)] !== 0
    if (marker === STRING) return text(buffer.readUInt16BE(take(2)))
    if (marker === LONG_STRING) return text(buffer.readUInt32BE(take(4)))
    if (marker === NULL) return null
    if (marker === UNDEFINED) return undefined
    if (marker === OBJECT) return entries(depth)
    if (marker === ECMA_ARRAY) {
      take(4)
      return entries(depth)
    }
    if (marker === STRICT_ARRAY) {
      const length = buffer.readUInt32BE(take(4))
      if (length > MAX_ENTRIES) throw new Truncated()
      return Array.from({ length }, () => value(depth + 1))
    }
    if (marker === DATE) {
      const start = take(10)
      return buffer.readDoubleBE(start)
    }
    throw new Truncated()
  }
  try {
    while (at < buffer.length) values.push(value(0))
    return { values, broken: false }
  } catch (error) {
    if (error instanceof Truncated) return { values, broken: true }
    throw error
  }
}

const string16 = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function writeValue(value: AmfValue): Buffer {
  if (typeof value === 'number') {
    const out = Buffer.alloc(9)
    out.writeDoubleBE(value, 1)
    return out
  }
  if (typeof value === 'boolean') return Buffer.from([BOOLEAN, value ? 1 : 0])
  if (typeof value === 'string') return Buffer.concat([Buffer.from([STRING]), string16(value)])
  if (value === null) return Buffer.from([NULL])
  if (value === undefined) return Buffer.from([UNDEFINED])
  if (Array.isArray(value)) {
    const length = Buffer.from([STRICT_ARRAY, 0, 0, 0, 0])
    length.writeUInt32BE(value.length, 1)
    return Buffer.concat([length, ...value.map(writeValue)])
  }
  const fields = Object.entries(value).map(([key, each]) => Buffer.concat([string16(key), writeValue(each)]))
  return Buffer.concat([Buffer.from([OBJECT]), ...fields, Buffer.from([0, 0, OBJECT_END])])
}

/** Writes values one after another, as a command's body has them. Strings up to 65,535 bytes. */
export function writeAmf(values: readonly AmfValue[]): Buffer {
  return Buffer.concat(values.map(writeValue))
}
