import { type Builder, createBuilder } from '../schemas/arrow/builder.ts'
import type { Kind } from '../schemas/kinds/kinds.ts'

/** One Arrow message of one kind. */
export interface Batch {
  readonly kind: Kind
  readonly rows: number
  readonly bytes: Uint8Array
}

type Value = string | number | boolean

/** Sets named columns of the open row. */
export class RowWriter {
  private readonly builder: Builder
  private readonly indexes = new Map<string, number>()
  private readonly always: readonly [number, Value][]

  constructor(kind: Kind, always: Readonly<Record<string, Value>>) {
    this.builder = createBuilder(kind, { capacity: 4096 })
    for (const [name, index] of this.builder.indexOf) this.indexes.set(name, index)
    this.always = Object.entries(always).map(([name, value]) => [this.column(name), value])
  }

  column(name: string): number {
    const index = this.indexes.get(name)
    if (index === undefined) throw new Error(`${this.builder.table} has no column ${name}`)
    return index
  }

  set(column: number, value: Value): void {
    this.builder.set(column, value)
  }

  end(): void {
    for (const [column, value] of this.always) this.builder.set(column, value)
    this.builder.end()
  }

  /** A whole row by names, for what comes seldom. */
  push(row: Readonly<Record<string, Value>>): void {
    for (const name of Object.keys(row)) this.builder.set(this.column(name), row[name]!)
    this.end()
  }

  take(kind: Kind): Batch | undefined {
    const { rows } = this.builder
    return rows === 0 ? undefined : { kind, rows, bytes: this.builder.finish() }
  }
}

/** The writers of all kinds of one stream. */
export class Rows {
  private readonly writers = new Map<Kind, RowWriter>()
  private readonly always: Readonly<Record<string, Value>>

  constructor(always: Readonly<Record<string, Value>>) {
    this.always = always
  }

  of(kind: Kind): RowWriter {
    let writer = this.writers.get(kind)
    if (writer === undefined)
      this.writers.set(kind, (writer = new RowWriter(kind, { weight: 1, ...this.always })))
    return writer
  }

  /** Everything written since the last time, a message a kind. */
  take(): Batch[] {
    const batches: Batch[] = []
    for (const [kind, writer] of this.writers) {
      const batch = writer.take(kind)
      if (batch) batches.push(batch)
    }
    return batches
  }
}
