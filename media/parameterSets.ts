import { bitReader, withoutEmulation } from './bits.ts'
import type { TrackFormat } from './facts.ts'

const hex = (value: number): string => value.toString(16).padStart(2, '0')
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/** Codec string and picture size of an H.264 sequence parameter set (its NAL unit, header included). */
export function h264Format(sps: Uint8Array): TrackFormat | undefined {
  if (sps.length < 4) return undefined
  const read = bitReader(withoutEmulation(sps.subarray(1)))
  const profile = read.bits(8)
  const constraints = read.bits(8)
  const level = read.bits(8)
  read.ue()
  let chroma = 1
  if (HIGH_PROFILES.has(profile)) {
    chroma = read.ue()
    if (chroma === 3) read.skip(1)
    read.ue()
    read.ue()
    read.skip(1)
    if (read.bits(1) === 1) skipScalingLists(read, chroma === 3 ? 12 : 8)
  }
  read.ue()
  const order = read.ue()
  if (order === 0) read.ue()
  else if (order === 1) {
    read.skip(1)
    read.se()
    read.se()
    const cycle = Math.min(read.ue(), 255)
    for (let i = 0; i < cycle && !read.ended(); i++) read.se()
  }
  read.ue()
  read.skip(1)
  const widthBlocks = read.ue() + 1
  const heightUnits = read.ue() + 1
  const framesOnly = read.bits(1)
  if (framesOnly === 0) read.skip(1)
  read.skip(1)
  const crop = { left: 0, right: 0, top: 0, bottom: 0 }
  if (read.bits(1) === 1) {
    crop.left = read.ue()
    crop.right = read.ue()
    crop.top = read.ue()
    crop.bottom = read.ue()
  }
  if (read.ended()) return undefined
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly)
  return {
    codec: `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`,
    width: widthBlocks * 16 - (crop.left + crop.right) * unitX,
    height: heightUnits * 16 * (2 - framesOnly) - (crop.top + crop.bottom) * unitY,
  }
}

function skipScalingLists(read: ReturnType<typeof bitReader>, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (read.bits(1) === 0) continue
    let last = 8
    let next = 8
    for (let i = 0; i < (list < 6 ? 16 : 64) && !read.ended(); i++) {
      if (next !== 0) next = (last + read.se() + 256) % 256
      if (next !== 0) last = next
    }
  }
}

/** Codec string and picture size of an H.265 sequence parameter set (its NAL unit, header included). */
export function h265Format(sps: Uint8Array): TrackFormat | undefined {
  if (sps.length < 16) return undefined
  const read = bitReader(withoutEmulation(sps.subarray(2)))
  read.skip(4)
  const layers = read.bits(3)
  read.skip(1)
  read.skip(2)
  const tier = read.bits(1)
  const profile = read.bits(5)
  const compatibility = read.bits(32)
  read.skip(48)
  const level = read.bits(8)
  const present = Array.from({ length: layers }, () => ({ profile: read.bits(1), level: read.bits(1) }))
  if (layers > 0) read.skip((8 - layers) * 2)
  for (const layer of present) {
    if (layer.profile === 1) read.skip(88)
    if (layer.level === 1) read.skip(8)
  }
  read.ue()
  const chroma = read.ue()
  if (chroma === 3) read.skip(1)
  let width = read.ue()
  let height = read.ue()
  if (read.bits(1) === 1) {
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1
    const unitY = chroma === 1 ? 2 : 1
    width -= (read.ue() + read.ue()) * unitX
    height -= (read.ue() + read.ue()) * unitY
  }
  if (read.ended()) return undefined
  let reversed = 0
  for (let bit = 0; bit < 32; bit++)
    reversed += Math.floor(compatibility / 2 ** (31 - bit)) % 2 === 1 ? 2 ** bit : 0
  return {
    codec: `hvc1.${profile}.${reversed.toString(16)}.${tier === 1 ? 'H' : 'L'}${level}`,
    width,
    height,
  }
}
