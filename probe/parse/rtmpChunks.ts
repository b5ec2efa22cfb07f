/** A message put together from its chunks. */
export interface RtmpMessage {
  readonly type: number
  readonly timestamp_ms: number
  readonly streamId: number
  readonly body: Buffer
}

interface ChunkStream {
  timestamp: number
  delta: number
  extended: boolean
  length: number
  type: number
  streamId: number
  parts: Buffer[]
  received: number
}

export interface ChunkReader {
  /** Takes bytes in pieces of any size and returns the messages they complete. After `broken` it takes nothing more. */
  readonly push: (bytes: Uint8Array) => { messages: RtmpMessage[]; broken?: string }
  readonly setChunkSize: (bytes: number) => void
}

const HEADER_BYTES = [11, 7, 3, 0] as const
const EXTENDED = 0xffffff
const MAX_MESSAGE = 8 * 1024 * 1024
const MAX_CHUNK_STREAMS = 64

/** Puts RTMP messages together (Adobe's RTMP specification 1.0, section 5.3). Bounded in memory against hostile peers. */
export function chunkReader(): ChunkReader {
  const streams = new Map<number, ChunkStream>()
  let rest: Buffer = Buffer.alloc(0)
  let chunkSize = 128
  let broken: string | undefined

  /** Reads one chunk at `at`; returns where the next begins, or undefined when it is not all there. */
  const readChunk = (at: number, messages: RtmpMessage[]): number | undefined => {
    const first = rest[at]
    if (first === undefined) return undefined
    const format = (first >> 6) as 0 | 1 | 2 | 3
    let id = first & 63
    let position = at + 1
    if (id === 0) {
      if (position + 1 > rest.length) return undefined
      id = 64 + (rest[position] as number)
      position += 1
    } else if (id === 1) {
      if (position + 2 > rest.length) return undefined
      id = 64 + (rest[position] as number) + (rest[position + 1] as number) * 256
      position += 2
    }
    if (position + HEADER_BYTES[format] > rest.length) return undefined
    const known = streams.get(id)
    if (known === undefined && format !== 0) {
      // a stream may not begin with a header that leans on an earlier one
      broken = `chunk stream ${id} begins with header type ${format}`
      return undefined
    }
    if (known === undefined && streams.size >= MAX_CHUNK_STREAMS) {
      broken = `more than ${MAX_CHUNK_STREAMS} chunk streams`
      return undefined
    }
    const stream: ChunkStream = known ?? {
      timestamp: 0,
      delta: 0,
      extended: false,
      length: 0,
      type: 0,
      streamId: 0,
      parts: [],
      received: 0,
    }
    // nothing of `stream` changes until the whole chunk is there
    let stamp = format < 3 ? rest.readUIntBE(position, 3) : stream.delta
    const length = format < 2 ? rest.readUIntBE(position + 3, 3) : stream.length
    const type = format < 2 ? (rest[position + 6] as number) : stream.type
    const streamId = format === 0 ? rest.readUInt32LE(position + 7) : stream.streamId
    const extended = format < 3 ? stamp === EXTENDED : stream.extended
    position += HEADER_BYTES[format]
    if (extended) {
      if (position + 4 > rest.length) return undefined
      if (format < 3) stamp = rest.readUInt32BE(position)
      position += 4
    }
    if (length > MAX_MESSAGE) {
      broken = `a message of ${length} bytes`
      return undefined
    }
    if (stream.received > 0 && format < 2 && length !== stream.length) {
      broken = `a message of ${stream.length} bytes is cut by another header`
      return undefined
    }
    const take = Math.min(chunkSize, length - stream.received)
    if (position + take > rest.length) return undefined
    if (stream.received === 0) {
      stream.delta = format === 0 ? 0 : stamp
      stream.timestamp = format === 0 ? stamp : (stream.timestamp + stamp) % 0x100000000
    }
    Object.assign(stream, { length, type, streamId, extended })
    stream.parts.push(Buffer.from(rest.subarray(position, position + take)))
    stream.received += take
    if (stream.received >= length) {
      messages.push({ type, timestamp_ms: stream.timestamp, streamId, body: Buffer.concat(stream.parts) })
      stream.parts = []
      stream.received = 0
    }
    streams.set(id, stream)
    return position + take
  }

  const push = (bytes: Uint8Array): { messages: RtmpMessage[]; broken?: string } => {
    const messages: RtmpMessage[] = []
    if (broken !== undefined) return { messages, broken }
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    let at = 0
    for (;;) {
      const next = readChunk(at, messages)
      if (next === undefined) break
      at = next
      // the chunk size holds for the chunk after the message that sets it
      const last = messages.at(-1)
      if (last?.type === 1 && last.body.length >= 4) chunkSize = clampChunk(last.body.readUInt32BE(0))
    }
    rest = rest.subarray(at)
    return broken === undefined ? { messages } : { messages, broken }
  }
  return {
    push,
    setChunkSize: (size) => {
      chunkSize = clampChunk(size)
    },
  }
}

const clampChunk = (size: number): number => Math.max(1, Math.min(size & 0x7fffffff, 0xffffff))

/** Cuts a message into chunks of `chunkSize`, on the chunk stream `id` (2 … 63). */
export function writeMessage(
  message: Omit<RtmpMessage, 'timestamp_ms'> & { readonly timestamp_ms?: number },
  id: number,
  chunkSize = 128,
): Buffer {
  const header = Buffer.alloc(12)
  header[0] = id
  header.writeUIntBE(Math.min(message.timestamp_ms ?? 0, EXTENDED - 1), 1, 3)
  header.writeUIntBE(message.body.length, 4, 3)
  header[7] = message.type
  header.writeUInt32LE(message.streamId, 8)
  const pieces: Buffer[] = [header]
  for (let at = 0; at < message.body.length || at === 0; at += chunkSize) {
    if (at > 0) pieces.push(Buffer.from([0xc0 | id]))
    pieces.push(message.body.subarray(at, at + chunkSize))
  }
  return Buffer.concat(pieces)
}
