/** Words of the window: the newest 96 numbers of a sequence are remembered one by one. */
const WORDS = 3
const WORD = 32
const WINDOW = WORDS * WORD

/** Fields of an entry, as 32-bit words. */
const HASH_LOW = 0
const HASH_HIGH = 1
/** When it was heard last, in the owner's unit, times two, plus the mark. */
const HEARD = 2
/** The number that the window's first bit stands for, a multiple of 32. */
const BASE = 3
const BITS = 4
const ENTRY = BITS + WORDS

/** Entries in a chunk; the table grows by chunks, so that it never holds twice what it needs. */
const CHUNK = 4_096
const EMPTY = -1

/** Missing numbers in a row that are worth remembering when they leave the window. */
const SHORTEST_HOLE = 8
const HOLES_AN_ENTRY = 8
/** Sequences with holes that are kept, in all and of one owner; beyond it the oldest are forgotten. */
export const HOLES_KEPT = { all: 65_536, owner: 8_192 } as const

interface Holes {
  readonly owner: string
  /** First and last missing number of each hole in turn, ascending. */
  ranges: number[]
}

/** Bytes a sequence takes, the index included, when the index is as empty as it gets. */
export const BYTES_A_SEQUENCE = ENTRY * 4 + 4 / 0.375

/**
 * The numbers seen of many sequences, in less than 40 bytes each whatever the numbers are. The newest 96 numbers of a
 * sequence are bits. Of what is older, everything counts as seen, except holes of at least eight numbers, which are
 * kept in a bounded store: a repeat is always found, and a number that comes very late is taken while its hole is
 * remembered.
 *
 * Sequences are known by a 64-bit hash with a random seed.
 */
export class SequenceTable {
  private readonly chunks: Int32Array[] = []
  private index = new Int32Array(1_024).fill(EMPTY)
  private readonly holes = new Map<number, Holes>()
  private readonly holesOf = new Map<string, number>()
  size = 0

  /**
   * The entry of a sequence; made when it is not known. Entries stay valid until `forget`.
   * @param now in a unit that fits 31 bits
   */
  entry(hashLow: number, hashHigh: number, now: number): number {
    const entry = this.find(hashLow, hashHigh)
    if (entry < 0) return this.add(~entry, hashLow, hashHigh, now)
    const chunk = this.chunkOf(entry)
    const offset = (entry % CHUNK) * ENTRY
    const heard = chunk[offset + HEARD]!
    if (now > heard >>> 1) chunk[offset + HEARD] = (now << 1) | (heard & 1)
    return entry
  }

  /** Whether the number of a sequence was seen; notes nothing. False for a sequence that is not known. */
  has(hashLow: number, hashHigh: number, number: number): boolean {
    const entry = this.find(hashLow, hashHigh)
    if (entry < 0) return false
    const chunk = this.chunkOf(entry)
    const offset = (entry % CHUNK) * ENTRY
    if (chunk[offset + BASE] === EMPTY) return false
    const bit = number - (chunk[offset + BASE]! >>> 0)
    if (bit < 0) return !this.inHole(entry, number)
    return bit < WINDOW && (chunk[offset + BITS + (bit >> 5)]! & (1 << (bit & (WORD - 1)))) !== 0
  }

  /** A mark of the owner's meaning, kept beside a sequence. */
  marked(entry: number): boolean {
    return (this.chunkOf(entry)[(entry % CHUNK) * ENTRY + HEARD]! & 1) === 1
  }
  mark(entry: number): void {
    const chunk = this.chunkOf(entry)
    const offset = (entry % CHUNK) * ENTRY + HEARD
    chunk[offset] = chunk[offset]! | 1
  }

  /**
   * Whether the number was seen before; notes it.
   * @param owner whose share of the store of holes is used
   */
  seen(entry: number, number: number, owner: string): boolean {
    const chunk = this.chunkOf(entry)
    const offset = (entry % CHUNK) * ENTRY
    if (chunk[offset + BASE] === EMPTY) this.begin(entry, chunk, offset, number, owner)
    let at = number - (chunk[offset + BASE]! >>> 0)
    if (at < 0) return !this.fillHole(entry, number)
    if (at >= WINDOW) {
      this.moveUp(entry, chunk, offset, number, owner)
      at = number - (chunk[offset + BASE]! >>> 0)
    }
    const word = offset + BITS + (at >> 5)
    const bit = 1 << (at & (WORD - 1))
    if ((chunk[word]! & bit) !== 0) return true
    chunk[word] = chunk[word]! | bit
    return false
  }

  /** Forgets what was heard before this time. Entries get other numbers. */
  forget(before: number): void {
    const kept = new Map<number, Holes>()
    let next = 0
    for (let entry = 0; entry < this.size; entry += 1) {
      const chunk = this.chunkOf(entry)
      const offset = (entry % CHUNK) * ENTRY
      const holes = this.holes.get(entry)
      if (chunk[offset + HEARD]! >>> 1 < before) {
        if (holes !== undefined) this.countHoles(holes.owner, -1)
        continue
      }
      if (holes !== undefined) kept.set(next, holes)
      if (next !== entry)
        this.chunkOf(next).set(chunk.subarray(offset, offset + ENTRY), (next % CHUNK) * ENTRY)
      next += 1
    }
    if (next === this.size) return
    this.holes.clear()
    for (const [entry, holes] of kept) this.holes.set(entry, holes)
    this.size = next
    this.chunks.length = Math.ceil(next / CHUNK)
    let slots = 1_024
    while (next > slots * 0.75) slots *= 2
    this.rebuild(slots)
  }

  /** Bytes that the table holds now, the store of holes aside. */
  get bytes(): number {
    return this.chunks.length * CHUNK * ENTRY * 4 + this.index.length * 4
  }
  /** Sequences with holes that are remembered. */
  get withHoles(): number {
    return this.holes.size
  }

  /** The entry of a sequence, or the complement (~) of the free place of the index where it belongs. */
  private find(hashLow: number, hashHigh: number): number {
    const mask = this.index.length - 1
    let at = hashLow & mask
    for (let entry = this.index[at]!; entry !== EMPTY; entry = this.index[at]!) {
      const chunk = this.chunks[(entry / CHUNK) | 0]!
      const offset = (entry % CHUNK) * ENTRY
      if (chunk[offset + HASH_LOW] === hashLow && chunk[offset + HASH_HIGH] === hashHigh) return entry
      at = (at + 1) & mask
    }
    return ~at
  }

  private chunkOf(entry: number): Int32Array {
    return this.chunks[(entry / CHUNK) | 0]!
  }

  private add(slot: number, hashLow: number, hashHigh: number, now: number): number {
    const entry = this.size
    if (entry === this.chunks.length * CHUNK) this.chunks.push(new Int32Array(CHUNK * ENTRY))
    const chunk = this.chunkOf(entry)
    const offset = (entry % CHUNK) * ENTRY
    chunk.fill(0, offset, offset + ENTRY)
    chunk[offset + HASH_LOW] = hashLow
    chunk[offset + HASH_HIGH] = hashHigh
    chunk[offset + HEARD] = now << 1
    chunk[offset + BASE] = EMPTY
    this.size += 1
    this.index[slot] = entry
    if (this.size > this.index.length * 0.75) this.rebuild(this.index.length * 2)
    return entry
  }

  private rebuild(slots: number): void {
    const index = new Int32Array(slots).fill(EMPTY)
    const mask = slots - 1
    for (let entry = 0; entry < this.size; entry += 1) {
      let at = this.chunkOf(entry)[(entry % CHUNK) * ENTRY + HASH_LOW]! & mask
      while (index[at] !== EMPTY) at = (at + 1) & mask
      index[at] = entry
    }
    this.index = index
  }

  private begin(entry: number, chunk: Int32Array, offset: number, number: number, owner: string): void {
    const base = baseFor(number)
    chunk[offset + BASE] = base
    // A sequence that is heard from its middle on may yet bring its beginning, out of a disk that it waited on.
    if (base > 0) this.addHole(entry, 0, base - 1, owner)
  }

  private moveUp(entry: number, chunk: Int32Array, offset: number, number: number, owner: string): void {
    const old = chunk[offset + BASE]! >>> 0
    const base = baseFor(number)
    const words = Math.min(WORDS, (base - old) / WORD)
    // Beyond the window everything up to the number is missing.
    const missing = (each: number): boolean => {
      const at = each - old
      if (at >= WINDOW) return each < number
      return (chunk[offset + BITS + (at >> 5)]! & (1 << (at & (WORD - 1)))) === 0
    }
    for (let word = 0; word < words; word += 1)
      if (chunk[offset + BITS + word] !== -1) this.leaveWord(entry, old + word * WORD, missing, owner)
    if (base > old + WINDOW) this.addHole(entry, old + WINDOW, base - 1, owner)
    chunk.copyWithin(offset + BITS, offset + BITS + words, offset + ENTRY)
    chunk.fill(0, offset + ENTRY - words, offset + ENTRY)
    chunk[offset + BASE] = base
  }

  /** Keeps the long holes of a word that leaves the window; a hole's length counts beyond the word's end. */
  private leaveWord(entry: number, from: number, missing: (each: number) => boolean, owner: string): void {
    const end = from + WORD
    for (let first = from; first < end; first += 1) {
      if (!missing(first)) continue
      let next = first + 1
      while (next < end && missing(next)) next += 1
      let length = next - first
      if (next === end) while (length < SHORTEST_HOLE && missing(first + length)) length += 1
      if (length >= SHORTEST_HOLE || this.holes.get(entry)?.ranges.at(-1) === first - 1)
        this.addHole(entry, first, next - 1, owner)
      first = next
    }
  }

  private addHole(entry: number, first: number, last: number, owner: string): void {
    let holes = this.holes.get(entry)
    if (holes === undefined) {
      if ((this.holesOf.get(owner) ?? 0) >= HOLES_KEPT.owner) this.dropOldest(owner)
      else if (this.holes.size >= HOLES_KEPT.all) this.dropOldest(undefined)
      holes = { owner, ranges: [] }
      this.holes.set(entry, holes)
      this.countHoles(owner, 1)
    }
    const { ranges } = holes
    if (ranges.at(-1) === first - 1) ranges[ranges.length - 1] = last
    else ranges.push(first, last)
    bound(ranges)
  }

  /** Whether the number was in a hole; it is not any more. */
  private fillHole(entry: number, number: number): boolean {
    const holes = this.holes.get(entry)
    if (holes === undefined) return false
    const { ranges } = holes
    for (let at = 0; at < ranges.length; at += 2) {
      const first = ranges[at]!
      const last = ranges[at + 1]!
      if (number < first) return false
      if (number > last) continue
      const left = number > first ? [first, number - 1] : []
      const right = number < last ? [number + 1, last] : []
      ranges.splice(at, 2, ...left, ...right)
      if (ranges.length === 0) {
        this.holes.delete(entry)
        this.countHoles(holes.owner, -1)
      } else bound(ranges)
      return true
    }
    return false
  }

  private inHole(entry: number, number: number): boolean {
    const ranges = this.holes.get(entry)?.ranges ?? []
    for (let at = 0; at < ranges.length; at += 2)
      if (number >= ranges[at]! && number <= ranges[at + 1]!) return true
    return false
  }

  private dropOldest(owner: string | undefined): void {
    for (const [entry, holes] of this.holes) {
      if (owner !== undefined && holes.owner !== owner) continue
      this.holes.delete(entry)
      this.countHoles(holes.owner, -1)
      return
    }
  }

  private countHoles(owner: string, change: number): void {
    const count = (this.holesOf.get(owner) ?? 0) + change
    if (count === 0) this.holesOf.delete(owner)
    else this.holesOf.set(owner, count)
  }
}

/** Where the window begins so that the number is in its last word. */
const baseFor = (number: number): number => Math.max(0, number - (number % WORD) - (WORDS - 1) * WORD)

/** Of too many holes the shortest is forgotten: it is the one whose numbers are least likely to come yet. */
function bound(ranges: number[]): void {
  if (ranges.length <= HOLES_AN_ENTRY * 2) return
  let shortest = 0
  for (let at = 2; at < ranges.length; at += 2)
    if (ranges[at + 1]! - ranges[at]! < ranges[shortest + 1]! - ranges[shortest]!) shortest = at
  ranges.splice(shortest, 2)
}
