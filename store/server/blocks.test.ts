import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compress as zstd } from '@mongodb-js/zstd'
import { fromBlocks, toBlocks } from './blocks.ts'
import { cityHash128 } from './cityHash.ts'

/** Length of the bytes `(i × 31 + 7 + length) mod 256`, and their hash by github.com/go-faster/city 1.0.1, which clickhouse-go uses. */
const HASHES: readonly (readonly [number, string, string])[] = [
  [0, '3df09dfc64c09a2b', '3cb540c392e51e29'],
  [3, 'e729d8ba2bbea82b', 'f0b1e20c3416c57d'],
  [7, 'c85d538ffa1b44a7', 'b5b3886f35a1217a'],
  [9, '7c818ad9aad9b217', 'f9c5276b6975a5ad'],
  [16, 'affb6d939912c765', '8e5df838eb6adb52'],
  [33, 'a0a4b6f7b7196a46', 'a9dee4081a0a73ab'],
  [100, 'e6cd9e98c3fa4d11', '43a02971b6ef344d'],
  [144, '82b9104e127058f5', 'b86285c149fb6eb9'],
  [271, '5eb12240ee4a3125', '3485c3a3fc333852'],
  [1000, '22c25b27cb2c1d79', 'd753c13529ed6574'],
]

test('the hash is the official client’s', () => {
  for (const [length, low, high] of HASHES) {
    const hash = cityHash128(Buffer.from(Array.from({ length }, (_, i) => (i * 31 + 7 + length) & 255)))
    assert.equal(hash.readBigUInt64LE(0).toString(16).padStart(16, '0'), low, String(length))
    assert.equal(hash.readBigUInt64LE(8).toString(16).padStart(16, '0'), high, String(length))
  }
})

const block = (method: number, data: Uint8Array, size: number): Buffer => {
  const header = Buffer.alloc(9)
  header[0] = method
  header.writeUInt32LE(9 + data.length, 1)
  header.writeUInt32LE(size, 5)
  const body = Buffer.concat([header, data])
  return Buffer.concat([cityHash128(body), body])
}

test('what is packed comes back, of any size; zstd and real lz4 matches too', async () => {
  for (const size of [1, 14, 15, 16, 269, 270, 271, 1 << 20, (1 << 20) + 1]) {
    const bytes = Buffer.alloc(size, 'firstframe')
    assert.ok(Buffer.concat(await fromBlocks(toBlocks(bytes), 1 << 22)).equals(bytes), String(size))
  }
  // "abcd", then a match of 12 bytes 4 back, then "z"
  const lz4 = Buffer.from([0x48, 97, 98, 99, 100, 4, 0, 0x10, 122])
  assert.equal(String(Buffer.concat(await fromBlocks(block(0x82, lz4, 17), 100))), 'abcdabcdabcdabcdz')
  const text = Buffer.from('zstd '.repeat(100))
  assert.deepEqual(Buffer.concat(await fromBlocks(block(0x90, await zstd(text), text.length), 1000)), text)
  assert.deepEqual(Buffer.concat(await fromBlocks(block(0x02, text, text.length), 1000)), text)
})

test('broken blocks are refused: cut, changed, too large, reaching before their beginning', async () => {
  const good = toBlocks(Buffer.from('hello'))
  const changed = Buffer.from(good)
  changed[good.length - 1]! ^= 1
  const bad: Buffer[] = [
    good.subarray(0, -1),
    good.subarray(0, 20),
    changed,
    block(0x82, Buffer.from([0x14, 97, 9, 0]), 9),
    block(0x82, Buffer.from([0xf0]), 9),
    block(0x82, Buffer.from([0x50, 97]), 5),
    block(0x55, Buffer.from('x'), 1),
    block(0x90, Buffer.from('x'), 1),
    block(0x02, Buffer.from('x'), 2),
  ]
  for (const bytes of bad) await assert.rejects(fromBlocks(bytes, 1000), { name: 'EngineError' })
  await assert.rejects(fromBlocks(block(0x82, Buffer.from([0x10, 97]), 0xffffffff), 1000), { code: 65 })
})
