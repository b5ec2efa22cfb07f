/** Reads bits of an H.264 or H.265 parameter set, emulation prevention bytes taken out. Reading past the end gives 0. */
export interface BitReader {
  readonly bits: (count: number) => number
  readonly skip: (count: number) => void
  /** Unsigned and signed Exp-Golomb codes (ITU-T H.264, 9.1). */
  readonly ue: () => number
  readonly se: () => number
  readonly ended: () => boolean
}

/** Takes the 03 out of 00 00 03, as the raw byte sequence payload needs it. */
export function withoutEmulation(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length)
  let length = 0
  let zeros = 0
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}

/** A reader from the first bit of `bytes`. */
export function bitReader(bytes: Uint8Array): BitReader {
  let at = 0
  const end = bytes.length * 8
  const bit = (): number => {
    if (at >= end) return 0
    const value = ((bytes[at >> 3] as number) >> (7 - (at & 7))) & 1
    at++
    return value
  }
  const bits = (count: number): number => {
    let value = 0
    for (let left = count; left > 0; left--) value = value * 2 + bit()
    return value
  }
  const ue = (): number => {
    let zeros = 0
    while (zeros < 32 && at < end && bit() === 0) zeros++
    return at >= end ? 0 : 2 ** zeros - 1 + bits(zeros)
  }
  const se = (): number => {
    const value = ue()
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2
  }
  return {
    bits,
    skip: (count) => {
      at += count
    },
    ue,
    se,
    ended: () => at >= end,
  }
}
