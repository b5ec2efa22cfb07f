/**
 * The little of Arrow's IPC format that is read and patched in place: where the numbers of a message's flatbuffer
 * metadata stand. A message is `ff ff ff ff · metadata length i32 · metadata (padded to 8) · body (padded to 8)`.
 */

export const MESSAGE_TYPES = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const

/** Bytes before the metadata. */
export const PREFIX_BYTES = 8

/** The next multiple of 8: Arrow aligns its buffers so. */
export const padTo8 = (bytes: number): number => (bytes + 7) & ~7

/** One message, by positions in the bytes it was found in. */
export interface IpcMessage {
  /** One of MESSAGE_TYPES. */
  readonly type: number
  readonly start: number
  readonly bodyStart: number
  /** Where the next message begins. */
  readonly end: number
  readonly bodyLengthAt: number
  /** Position of the header's flatbuffer table. */
  readonly headerAt: number
}

/** Where a record batch's numbers stand: struct vectors of two int64 each. */
export interface BatchPositions {
  readonly lengthAt: number
  /** (length, null count) a column. */
  readonly nodesAt: number
  readonly nodes: number
  /** (offset, length) a buffer. */
  readonly buffersAt: number
  readonly buffers: number
}

/** Position of a table's field, or 0 when it is left out. */
function fieldAt(view: DataView, table: number, slot: number): number {
  const vtable = table - view.getInt32(table, true)
  const entry = 4 + slot * 2
  const offset = entry < view.getUint16(vtable, true) ? view.getUint16(vtable + entry, true) : 0
  return offset === 0 ? 0 : table + offset
}

const follow = (view: DataView, at: number): number => at + view.getUint32(at, true)

/** A DataView over the same bytes. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** An int64 as a number; beyond 2^53 it loses precision. */
export const readInt64 = (view: DataView, at: number): number =>
  view.getInt32(at + 4, true) * 4_294_967_296 + view.getUint32(at, true)

/** A number of at least 0 as an int64. */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, (value / 4_294_967_296) >>> 0, true)
}

/** Reads the message at `start`, or undefined at the end mark. Throws a RangeError when the bytes are cut. */
export function readMessage(view: DataView, start: number): IpcMessage | undefined {
  if (view.getUint32(start, true) !== 0xffff_ffff) throw new RangeError(`no Arrow message at byte ${start}`)
  const metadata_bytes = view.getInt32(start + 4, true)
  if (metadata_bytes === 0) return undefined
  const root = follow(view, start + PREFIX_BYTES)
  const typeAt = fieldAt(view, root, 1)
  const header = fieldAt(view, root, 2)
  const bodyLengthAt = fieldAt(view, root, 3)
  const bodyStart = start + PREFIX_BYTES + metadata_bytes
  const end = bodyStart + (bodyLengthAt === 0 ? 0 : readInt64(view, bodyLengthAt))
  if (end > view.byteLength) throw new RangeError('the Arrow message is cut')
  return {
    type: typeAt === 0 ? 0 : view.getUint8(typeAt),
    start,
    bodyStart,
    end,
    bodyLengthAt,
    headerAt: follow(view, header),
  }
}

function batchAt(view: DataView, table: number): BatchPositions {
  const nodes = follow(view, fieldAt(view, table, 1))
  const buffers = follow(view, fieldAt(view, table, 2))
  return {
    lengthAt: fieldAt(view, table, 0),
    nodesAt: nodes + 4,
    nodes: view.getUint32(nodes, true),
    buffersAt: buffers + 4,
    buffers: view.getUint32(buffers, true),
  }
}

/** Where the numbers of a record batch’s metadata stand. */
export const recordBatchAt = (view: DataView, message: IpcMessage): BatchPositions =>
  batchAt(view, message.headerAt)

/** The dictionary's id and its batch of one column. */
export function dictionaryBatchAt(
  view: DataView,
  message: IpcMessage,
): { readonly id: number; readonly batch: BatchPositions } {
  const idAt = fieldAt(view, message.headerAt, 0)
  return {
    id: idAt === 0 ? 0 : readInt64(view, idAt),
    batch: batchAt(view, follow(view, fieldAt(view, message.headerAt, 1))),
  }
}
