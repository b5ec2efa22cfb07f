/** A number so far from a session's others starts its bitmap anew, so that nobody can make it large. */
const WIDEST = 1 << 16
const WORD = 32
const FULL = -1

/**
 * The numbers seen of one session. There are millions of these, so nearly all of them are a handful of small integers: numbers come
 * in a row, give or take, and 64 of them from `base` on are two words, which move up when the first is full. Only what comes
 * with gaps gets a bitmap of its own.
 */
export class Session {
  /** The number that the first bit stands for, a multiple of 32; -1 while nothing was seen. */
  private base = -1
  /** Everything from here to `base` was seen. */
  private from = -1
  private first = 0
  private second = 0
  private wide: Int32Array | undefined = undefined
  /** When it was heard last: seconds, which fit a small integer. */
  heard_s: number
  /** The SDK reports this playback, so what a player says by CMCD is kept for comparison and counts nothing. */
  sdk = false

  constructor(heard_s: number) {
    this.heard_s = heard_s
  }

  /** Whether the number was seen before; notes it. */
  seen(number: number): boolean {
    if (this.base < 0) this.begin(number)
    if (this.wide !== undefined) return this.seenWide(number)
    if (number >= this.from && number < this.base) return true
    if (number >= this.base + 2 * WORD && number < this.base + 3 * WORD && this.first === FULL) this.moveUp()
    const at = number - this.base
    if (at < 0 || at >= 2 * WORD) return this.widen(number)
    const bit = 1 << (at & (WORD - 1))
    const word = at < WORD ? this.first : this.second
    if ((word & bit) !== 0) return true
    if (at < WORD) this.first = word | bit
    else this.second = word | bit
    return false
  }

  private begin(number: number): void {
    this.base = number - (number % WORD)
    this.from = this.base
    // Numbers begin at 1: 0 means that there is none.
    this.first = this.base === 0 ? 1 : 0
    this.second = 0
    this.wide = undefined
  }

  private moveUp(): void {
    this.base += WORD
    this.first = this.second
    this.second = 0
  }

  private widen(number: number): boolean {
    const from = Math.max(this.from, this.base - WIDEST / 2)
    const words = (this.base - from) / WORD
    const bits = new Int32Array(words + 2).fill(FULL, 0, words)
    bits[words] = this.first
    bits[words + 1] = this.second
    this.base = from
    this.from = from
    this.wide = bits
    return this.seenWide(number)
  }

  private seenWide(number: number): boolean {
    let bits = this.wide!
    let at = number - this.base
    if (at < 0 || at >= bits.length * WORD) {
      const low = Math.min(this.base, number - (number % WORD))
      const high = Math.max(this.base + bits.length * WORD, number + 1)
      if (high - low > WIDEST) {
        this.begin(number)
        return this.seen(number)
      }
      let words = bits.length
      while (words * WORD < high - low) words *= 2
      const grown = new Int32Array(words)
      grown.set(bits, (this.base - low) / WORD)
      this.base = low
      this.from = low
      this.wide = bits = grown
      at = number - low
    }
    const bit = 1 << (at & (WORD - 1))
    if ((bits[at >> 5]! & bit) !== 0) return true
    bits[at >> 5]! |= bit
    return false
  }
}
