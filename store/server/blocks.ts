import { decompress as unzstd } from '@mongodb-js/zstd'
import { cityHash128 } from './cityHash.ts'
import { refusal } from './errors.ts'

/**
 * ClickHouse's own compressed blocks (`compress=1`, `decompress=1`; the default of the JDBC driver and of others): a checksum of 16
 * bytes, a method, both sizes, the data.
 */

const LZ4 = 0x82
const ZSTD = 0x90
const NONE = 0x02
const HEADER = 9
const CHECKSUM = 16
const BLOCK_BYTES = 1 << 20

const broken = (what: string) => refusal('noBody', `Cannot decompress the body: ${what}`)

/** LZ4's block that holds bytes as they are. Clients want LZ4; the loopback between them and us gains nothing from smaller data. */
function storedLz4(bytes: Uint8Array): Buffer {
  const { length } = bytes
  if (length < 15) return Buffer.concat([Buffer.from([length << 4]), bytes])
  const more = length - 15
  const sizes = Buffer.alloc(1 + Math.floor(more / 255) + 1, 255)
  sizes[0] = 0xf0
  sizes[sizes.length - 1] = more % 255
  return Buffer.concat([sizes, bytes])
}

/** Bytes as blocks of at most 1 MiB. */
export function toBlocks(bytes: Uint8Array): Buffer {
  const blocks: Buffer[] = []
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const part = bytes.subarray(from, from + BLOCK_BYTES)
    const data = storedLz4(part)
    const header = Buffer.alloc(HEADER)
    header[0] = LZ4
    header.writeUInt32LE(HEADER + data.length, 1)
    header.writeUInt32LE(part.length, 5)
    const body = Buffer.concat([header, data])
    blocks.push(cityHash128(body), body)
  }
  return Buffer.concat(blocks)
}

/** As toBlocks, chunk by chunk. */
export async function* toBlockChunks(
  source: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) yield toBlocks(chunk)
}

/** The bytes of blocks that a client sent, within a bound. */
export async function fromBlocks(bytes: Buffer, max_bytes: number): Promise<Buffer[]> {
  const parts: Buffer[] = []
  let total = 0
  for (let from = 0; from < bytes.length; ) {
    if (bytes.length - from < CHECKSUM + HEADER) throw broken('a block is cut off')
    const size = bytes.readUInt32LE(from + CHECKSUM + 1)
    const plain = bytes.readUInt32LE(from + CHECKSUM + 5)
    const body = bytes.subarray(from + CHECKSUM, from + CHECKSUM + size)
    if (size < HEADER || body.length < size) throw broken('a block is cut off')
    total += plain
    if (total > max_bytes) throw refusal('queryTooLarge', `Body is too large: more than ${max_bytes} bytes`)
    if (!cityHash128(body).equals(bytes.subarray(from, from + CHECKSUM)))
      throw broken('the checksum of a block is wrong')
    parts.push(await plainOf(body, plain))
    from += CHECKSUM + size
  }
  return parts
}

async function plainOf(body: Buffer, size: number): Promise<Buffer> {
  const data = body.subarray(HEADER)
  const method = body[0]
  const plain =
    method === NONE
      ? data
      : method === LZ4
        ? fromLz4(data, size)
        : method === ZSTD
          ? await unzstd(data).catch(() => {
              throw broken('zstd')
            })
          : undefined
  if (plain === undefined) throw refusal('notImplemented', `The block compression ${method} is not supported`)
  if (plain.length !== size) throw broken('the size of a block is wrong')
  return plain
}

/** Decodes one LZ4 block of a known size. */
function fromLz4(data: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size)
  let [read, written] = [0, 0]
  const lengthOf = (nibble: number): number => {
    let length = nibble
    if (nibble === 15) {
      let more: number
      do {
        more = data[read++] ?? -1
        if (more < 0) throw broken('lz4')
        length += more
      } while (more === 255)
    }
    return length
  }
  while (read < data.length) {
    const token = data[read++] as number
    const literals = lengthOf(token >> 4)
    if (read + literals > data.length || written + literals > size) throw broken('lz4')
    data.copy(out, written, read, read + literals)
    read += literals
    written += literals
    if (read >= data.length) break
    const back = (data[read] ?? 0) | ((data[read + 1] ?? 0) << 8)
    read += 2
    const length = lengthOf(token & 15) + 4
    if (back === 0 || back > written || written + length > size) throw broken('lz4')
    // byte by byte: a match may reach into what it writes
    for (let i = 0; i < length; i++, written++) out[written] = out[written - back] as number
  }
  return out.subarray(0, written)
}
