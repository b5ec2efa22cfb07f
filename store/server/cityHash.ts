/**
 * CityHash128 in its version 1.0.2, the checksum of ClickHouse's compressed blocks (later versions give other numbers). By the published
 * algorithm (Pike and Alakuijala); checked against sums of the official Go client's library.
 */

const K0 = 0xc3a5c85c97cb3127n
const K1 = 0xb492b66fbe98f273n
const K2 = 0x9ae16a3b2f90404fn
const K3 = 0xc949d7c7509e6557n
const MIX = 0x9ddfea08eb382d69n

type Pair = readonly [low: bigint, high: bigint]

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const mul = (a: bigint, b: bigint): bigint => u64(a * b)
const rotate = (value: bigint, by: bigint): bigint =>
  by === 0n ? value : (value >> by) | u64(value << (64n - by))
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n)
const at = (bytes: Buffer, index: number): bigint => bytes.readBigUInt64LE(index)

function mix(low: bigint, high: bigint): bigint {
  const a = shiftMix(mul(low ^ high, MIX))
  return mul(shiftMix(mul(high ^ a, MIX)), MIX)
}

function short(bytes: Buffer): bigint {
  const { length } = bytes
  const size = BigInt(length)
  if (length > 8) {
    const [first, last] = [at(bytes, 0), at(bytes, length - 8)]
    return mix(first, rotate(u64(last + size), size)) ^ last
  }
  if (length >= 4)
    return mix(u64(size + (BigInt(bytes.readUInt32LE(0)) << 3n)), BigInt(bytes.readUInt32LE(length - 4)))
  if (length === 0) return K2
  const y = BigInt(bytes[0]! + (bytes[length >> 1]! << 8))
  const z = BigInt(length + (bytes[length - 1]! << 2))
  return mul(shiftMix(mul(y, K2) ^ mul(z, K3)), K2)
}

function weak(bytes: Buffer, index: number, a: bigint, b: bigint): Pair {
  const last = at(bytes, index + 24)
  const start = u64(a + at(bytes, index))
  const low = u64(start + at(bytes, index + 8) + at(bytes, index + 16))
  const high = rotate(u64(b + start + last), 21n) + rotate(low, 44n) + start
  return [u64(low + last), u64(high)]
}

function murmur(bytes: Buffer, [low, high]: Pair): Pair {
  const { length } = bytes
  let [a, b, c, d] = [low, high, 0n, 0n]
  if (length <= 16) {
    a = mul(shiftMix(mul(a, K1)), K1)
    c = u64(mul(b, K1) + short(bytes))
    d = shiftMix(u64(a + (length >= 8 ? at(bytes, 0) : c)))
  } else {
    c = mix(u64(at(bytes, length - 8) + K1), a)
    d = mix(u64(b + BigInt(length)), u64(c + at(bytes, length - 16)))
    a = u64(a + d)
    for (let index = 0; index === 0 || index < length - 16; index += 16) {
      a = mul(a ^ mul(shiftMix(mul(at(bytes, index), K1)), K1), K1)
      b ^= a
      c = mul(c ^ mul(shiftMix(mul(at(bytes, index + 8), K1)), K1), K1)
      d ^= c
    }
  }
  a = mix(a, c)
  b = mix(d, b)
  return [a ^ b, mix(b, a)]
}

function seeded(bytes: Buffer, seed: Pair): Pair {
  const { length } = bytes
  if (length < 128) return murmur(bytes, seed)
  let [x, y] = seed
  let z = mul(BigInt(length), K1)
  const v0 = u64(mul(rotate(y ^ K1, 49n), K1) + at(bytes, 0))
  let v: Pair = [v0, u64(mul(rotate(v0, 42n), K1) + at(bytes, 8))]
  let w: Pair = [u64(mul(rotate(u64(y + z), 35n), K1) + x), mul(rotate(u64(x + at(bytes, 88)), 53n), K1)]
  let index = 0
  while (length - index >= 128)
    for (const end = index + 128; index < end; index += 64) {
      x = mul(rotate(u64(x + y + v[0] + at(bytes, index + 16)), 37n), K1) ^ w[1]
      y = mul(rotate(u64(y + v[1] + at(bytes, index + 48)), 42n), K1) ^ v[0]
      z = rotate(z ^ w[0], 33n)
      v = weak(bytes, index, mul(v[1], K1), u64(x + w[0]))
      w = weak(bytes, index + 32, u64(z + w[1]), y)
      ;[z, x] = [x, z]
    }
  y = u64(y + mul(rotate(w[0], 37n), K0) + z)
  x = u64(x + mul(rotate(u64(v[0] + z), 49n), K0))
  for (let done = 32; done < length - index + 32; done += 32) {
    y = u64(mul(rotate(u64(y - x), 42n), K0) + v[1])
    let w0 = u64(w[0] + at(bytes, length - done + 16))
    x = u64(mul(rotate(x, 49n), K0) + w0)
    w0 = u64(w0 + v[0])
    w = [w0, w[1]]
    v = weak(bytes, length - done, v[0], v[1])
  }
  x = mix(x, v[0])
  y = mix(y, w[0])
  return [u64(mix(u64(x + v[1]), w[1]) + y), mix(u64(x + w[1]), u64(y + v[1]))]
}

/** The 16 bytes of the hash, as ClickHouse writes them. */
export function cityHash128(bytes: Buffer): Buffer {
  const { length } = bytes
  const [low, high] =
    length >= 16
      ? seeded(bytes.subarray(16), [at(bytes, 0) ^ K3, at(bytes, 8)])
      : length >= 8
        ? seeded(Buffer.alloc(0), [at(bytes, 0) ^ mul(BigInt(length), K0), at(bytes, length - 8) ^ K1])
        : seeded(bytes, [K0, K1])
  const hash = Buffer.alloc(16)
  hash.writeBigUInt64LE(low, 0)
  hash.writeBigUInt64LE(high, 8)
  return hash
}
