import {
  type DataType,
  Dictionary,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  type Schema,
  Struct,
  Utf8,
  Vector,
} from 'apache-arrow'
import {
  type BatchPositions,
  dictionaryBatchAt,
  type IpcMessage,
  MESSAGE_TYPES,
  readMessage,
  recordBatchAt,
  viewOf,
} from './ipc.ts'

/** A message's bytes up to its body, with the positions of the numbers that differ from batch to batch. */
export interface Template {
  readonly head: Uint8Array
  readonly bodyLengthAt: number
  readonly batch: BatchPositions
}

export interface MessageTemplates {
  readonly schemaMessage: Uint8Array
  readonly recordBatch: Template
  /** By dictionary id. */
  readonly dictionaries: ReadonlyMap<number, Template>
}

/**
 * Lets arrow-js write one row of the schema and keeps the messages' metadata. Apart from a few numbers at fixed
 * places it is the same for every batch, so the builder copies it and patches the numbers: no flatbuffer is built
 * a batch. (A flatbuffer leaves out zeros; the one row sees to it that every number is there.)
 */
export function makeTemplates(schema: Schema): MessageTemplates {
  const writer = new RecordBatchStreamWriter()
  writer.write(oneRow(schema))
  writer.finish()
  const stream = writer.toUint8Array(true)
  const view = viewOf(stream)
  const dictionaries = new Map<number, Template>()
  let schemaMessage: Uint8Array | undefined
  let recordBatch: Template | undefined
  for (let at = 0; ; ) {
    const message = readMessage(view, at)
    if (message === undefined) break
    at = message.end
    if (message.type === MESSAGE_TYPES.schema) schemaMessage = stream.slice(message.start, message.end)
    else if (message.type === MESSAGE_TYPES.recordBatch)
      recordBatch = template(stream, message, recordBatchAt(view, message))
    else {
      const { id, batch } = dictionaryBatchAt(view, message)
      dictionaries.set(id, template(stream, message, batch))
    }
  }
  if (schemaMessage === undefined || recordBatch === undefined)
    throw new Error('arrow-js wrote no schema or no batch')
  return { schemaMessage, recordBatch, dictionaries }
}

function template(stream: Uint8Array, message: IpcMessage, batch: BatchPositions): Template {
  return {
    head: stream.slice(message.start, message.bodyStart),
    bodyLengthAt: message.bodyLengthAt - message.start,
    batch: {
      ...batch,
      lengthAt: batch.lengthAt - message.start,
      nodesAt: batch.nodesAt - message.start,
      buffersAt: batch.buffersAt - message.start,
    },
  }
}

const oneText = () =>
  makeData({
    type: new Utf8(),
    length: 1,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, 1),
    data: Uint8Array.of(97),
  })

function oneRow(schema: Schema): RecordBatch {
  const children = schema.fields.map(({ type }) => {
    if (type instanceof Dictionary)
      return makeData({
        type,
        length: 1,
        nullCount: 0,
        data: new Int32Array(1),
        dictionary: new Vector([oneText()]),
      })
    if (type instanceof Utf8) return oneText()
    return makeData({ type: type as DataType, length: 1, nullCount: 0, data: new Uint8Array(8) } as never)
  })
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: 1, nullCount: 0, children }),
  )
}
