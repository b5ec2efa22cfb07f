/** The newest numbers of an entry, a bit each: what is sent again within them is known. */
const RECENT = 128
const WORDS = RECENT / 32
/** Numbers further ahead than this are not taken up. */
export const LONGEST_JUMP = 10_000

/** Which numbers came lately, for a fixed count of entries: memory does not grow. */
export function recentNumbers(entries: number) {
  const highest = new Float64Array(entries)
  const bits = new Int32Array(entries * WORDS)
  return {
    forget(entry: number): void {
      highest[entry] = 0
      bits.fill(0, entry * WORDS, (entry + 1) * WORDS)
    },
    /** Whether the number came before, among the newest of its entry; notes it. */
    isRepeat(entry: number, seq: number): boolean {
      const before = highest[entry]!
      const words = entry * WORDS
      if (seq <= before - RECENT || (before > 0 && seq - before > LONGEST_JUMP)) return false
      for (let passed = Math.max(before + 1, seq - RECENT + 1); passed < seq; passed += 1)
        bits[words + ((passed >> 5) & (WORDS - 1))]! &= ~(1 << (passed & 31))
      const word = words + ((seq >> 5) & (WORDS - 1))
      const bit = 1 << (seq & 31)
      const isKnown = seq <= before && (bits[word]! & bit) !== 0
      bits[word]! |= bit
      if (seq > before) highest[entry] = seq
      return isKnown
    },
    /** As if the number had not come: when it comes again it is no repeat. */
    unsay(entry: number, seq: number): void {
      if (seq <= highest[entry]! - RECENT || seq > highest[entry]!) return
      bits[entry * WORDS + ((seq >> 5) & (WORDS - 1))]! &= ~(1 << (seq & 31))
    },
  }
}
