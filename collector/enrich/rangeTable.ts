/** Names by ranges of numbers, in typed memory: looked up by bisection, kept on disk as it is in memory. */
export interface RangeTable {
  readonly starts: Float64Array
  /** Inclusive. */
  readonly ends: Float64Array
  readonly nameOf: Uint32Array
}

/** The name's index at `point`, or undefined between the ranges. */
export function rangeAt({ starts, ends, nameOf }: RangeTable, point: number): number | undefined {
  let low = 0
  let high = starts.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= point) low = middle + 1
    else high = middle - 1
  }
  return high >= 0 && point <= ends[high]! ? nameOf[high] : undefined
}

/** Collects ranges that come in order; neighbours of the same name become one. */
export class RangeCollector {
  private starts: number[] = []
  private ends: number[] = []
  private names: number[] = []

  add(start: number, end: number, name: number): void {
    const last = this.starts.length - 1
    if (last >= 0 && this.names[last] === name && this.ends[last]! >= start - 1) {
      this.ends[last] = Math.max(end, this.ends[last]!)
      return
    }
    this.starts.push(start)
    this.ends.push(end)
    this.names.push(name)
  }
  table(): RangeTable {
    return {
      starts: Float64Array.from(this.starts),
      ends: Float64Array.from(this.ends),
      nameOf: Uint32Array.from(this.names),
    }
  }
}

/** `rows u32 · padding u32 · starts · ends · nameOf`, little-endian as every machine this runs on. */
export function encodeRanges({ starts, ends, nameOf }: RangeTable): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(starts.length)
  const padding = Buffer.alloc((starts.length % 2) * 4)
  return Buffer.concat([head, ...[starts, ends, nameOf].map((array) => Buffer.from(array.buffer)), padding])
}

/** Reads what `encodeRanges` wrote at `at` (a multiple of 8); returns the table and where it ends. */
export function decodeRanges(
  buffer: ArrayBuffer,
  at: number,
): { readonly table: RangeTable; readonly end: number } {
  const rows = new DataView(buffer).getUint32(at, true)
  const starts = at + 8
  const ends = starts + rows * 8
  const names = ends + rows * 8
  return {
    table: {
      starts: new Float64Array(buffer, starts, rows),
      ends: new Float64Array(buffer, ends, rows),
      nameOf: new Uint32Array(buffer, names, rows),
    },
    end: names + rows * 4 + (rows % 2) * 4,
  }
}
