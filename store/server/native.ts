import { refusal } from './errors.ts'
import { type NativeLayout, nativeLayout } from './nativeType.ts'

/** From these protocol versions on a block begins with its info, and a column's type is followed by a flag. */
const WITH_BLOCK_INFO = 51_903
const WITH_LOW_CARDINALITY = 54_405
const WITH_COLUMN_FLAG = 54_454

/** Block info: not overflown, no bucket. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0])
const PLAIN = Buffer.from([0])

/**
 * The engine's plain Native → the framing a client of that protocol version reads. Columns are copied as they are.
 * (What clients insert is plain Native whatever version they name, so there is no way back.)
 */
export function frameNative(input: Uint8Array, version: number): Uint8Array {
  if (version < WITH_BLOCK_INFO) return input
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  const reader = new Reader(bytes)
  const out: Buffer[] = []
  while (reader.at < bytes.length) {
    out.push(BLOCK_INFO)
    let kept = reader.at
    const columns = reader.varint()
    const rows = reader.varint()
    for (let i = 0; i < columns; i++) {
      reader.skip(reader.varint())
      const type = reader.text()
      if (version >= WITH_COLUMN_FLAG) {
        out.push(bytes.subarray(kept, reader.at), PLAIN)
        kept = reader.at
      }
      if (rows === 0) continue
      const layout = nativeLayout(type)
      if (version < WITH_LOW_CARDINALITY && holdsDictionary(layout)) {
        throw refusal('notImplemented', `client_protocol_version ${version} knows no LowCardinality`)
      }
      skipPrefix(reader, layout)
      skipData(reader, layout, rows)
    }
    out.push(bytes.subarray(kept, reader.at))
  }
  return Buffer.concat(out)
}

/** As frameNative, chunk by chunk; each chunk holds whole blocks. */
export async function* frameNativeChunks(
  source: AsyncGenerator<Uint8Array, void>,
  version: number,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) yield frameNative(chunk, version)
}

function holdsDictionary(layout: NativeLayout): boolean {
  if (layout.kind === 'dictionary') return true
  if (layout.kind === 'tuple') return layout.of.some(holdsDictionary)
  return layout.kind === 'array' || layout.kind === 'nullable' ? holdsDictionary(layout.of) : false
}

/** State that stands before all data of a column: a dictionary's version. */
function skipPrefix(reader: Reader, layout: NativeLayout): void {
  if (layout.kind === 'dictionary') {
    if (reader.uint64() !== 1) throw broken('the version of a dictionary')
  } else if (layout.kind === 'tuple') for (const part of layout.of) skipPrefix(reader, part)
  else if (layout.kind === 'array' || layout.kind === 'nullable') skipPrefix(reader, layout.of)
}

function skipData(reader: Reader, layout: NativeLayout, rows: number): void {
  switch (layout.kind) {
    case 'fixed':
      reader.skip(rows * layout.width)
      return
    case 'string':
      for (let i = 0; i < rows; i++) reader.skip(reader.varint())
      return
    case 'nullable':
      reader.skip(rows)
      skipData(reader, layout.of, rows)
      return
    case 'tuple':
      for (const part of layout.of) skipData(reader, part, rows)
      return
    case 'array': {
      if (rows === 0) return
      reader.skip((rows - 1) * 8)
      skipData(reader, layout.of, reader.uint64())
      return
    }
    case 'dictionary': {
      for (let done = 0; done < rows; ) {
        const flags = reader.uint64()
        const indexWidth = 1 << (flags & 0xff)
        // bit 8: keys kept elsewhere (only in parts on disk); bit 9: keys of its own
        if (flags & 0x100 || !(flags & 0x200) || indexWidth > 8) throw broken('the flags of a dictionary')
        skipData(reader, layout.of, reader.uint64())
        const count = reader.uint64()
        reader.skip(count * indexWidth)
        if (count === 0) throw broken('an empty dictionary page')
        done += count
      }
    }
  }
}

function broken(what: string) {
  return refusal('noBody', `Cannot read Native data: ${what} is not as expected`)
}

/** Reads forward, and says so when the bytes end too early. */
class Reader {
  at = 0
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw broken('the length')
  }

  byte(): number {
    this.skip(1)
    return this.bytes[this.at - 1] as number
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw broken('a number')
  }

  uint64(): number {
    this.skip(8)
    return Number(this.bytes.readBigUInt64LE(this.at - 8))
  }

  text(): string {
    const length = this.varint()
    this.skip(length)
    return this.bytes.toString('utf8', this.at - length, this.at)
  }
}
