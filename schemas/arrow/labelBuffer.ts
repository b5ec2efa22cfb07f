import type { ColumnBuffer } from './columnBuffers.ts'
import { padTo8, viewOf, writeInt64 } from './ipc.ts'
import type { Template } from './templates.ts'
import { TextBuffer } from './textBuffer.ts'

/** A dictionary is kept for the next batch while it is small: most batches repeat the same few values. */
const KEPT_VALUES = 256

/** A column with a dictionary; code 0 is always the empty text, so a row nothing was set for needs nothing. */
export class LabelBuffer implements ColumnBuffer {
  private codes: Int32Array
  private readonly template: Template
  private readonly dictionary = new Map<string, number>([['', 0]])
  private message: Uint8Array | undefined
  private last = ''
  private lastCode = 0

  constructor(template: Template, capacity: number) {
    this.template = template
    this.codes = new Int32Array(capacity)
  }
  set(row: number, value: unknown): void {
    if (value === undefined || value === null) return
    this.codes[row] = value === this.last ? this.lastCode : this.codeOf(value as string)
  }
  private codeOf(text: string): number {
    let code = this.dictionary.get(text)
    if (code === undefined) {
      code = this.dictionary.size
      this.dictionary.set(text, code)
      this.message = undefined
    }
    this.last = text
    this.lastCode = code
    return code
  }
  clear(row: number): void {
    this.codes[row] = 0
  }
  grow(capacity: number): void {
    const codes = new Int32Array(capacity)
    codes.set(this.codes)
    this.codes = codes
  }
  sizes = (rows: number): readonly number[] => [0, rows * 4]
  nulls = (): number => 0
  write(target: Uint8Array, at: readonly number[], rows: number): void {
    target.set(new Uint8Array(this.codes.buffer, 0, rows * 4), at[1]!)
  }
  reset(rows: number): void {
    this.codes.fill(0, 0, rows)
    if (this.dictionary.size <= KEPT_VALUES) return
    this.dictionary.clear()
    this.dictionary.set('', 0)
    this.message = undefined
    this.last = ''
    this.lastCode = 0
  }

  /** The dictionary as a whole IPC message; the same bytes until a new value comes. */
  dictionaryMessage(): Uint8Array {
    this.message ??= encodeDictionary(this.template, [...this.dictionary.keys()])
    return this.message
  }
}

function encodeDictionary(template: Template, values: readonly string[]): Uint8Array {
  const text = new TextBuffer()
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, index) => {
    text.append(value)
    offsets[index + 1] = text.bytes
  })
  const { head, batch } = template
  const offsetBytes = padTo8(offsets.byteLength)
  const body_bytes = offsetBytes + padTo8(text.bytes)
  const message = new Uint8Array(head.length + body_bytes)
  message.set(head)
  const view = viewOf(message)
  writeInt64(view, template.bodyLengthAt, body_bytes)
  writeInt64(view, batch.lengthAt, values.length)
  writeInt64(view, batch.nodesAt, values.length)
  writeInt64(view, batch.nodesAt + 8, 0)
  const buffers = [0, 0, 0, offsets.byteLength, offsetBytes, text.bytes]
  buffers.forEach((number, index) => {
    writeInt64(view, batch.buffersAt + index * 8, number)
  })
  message.set(new Uint8Array(offsets.buffer), head.length)
  message.set(text.view(), head.length + offsetBytes)
  return message
}
