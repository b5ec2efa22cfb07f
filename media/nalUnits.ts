import { withoutEmulation } from './bits.ts'
import type { SeiMessage, TrackFormat } from './facts.ts'
import { h264Format, h265Format } from './parameterSets.ts'

export type NalCodec = 'h264' | 'h265'

/** What the NAL units of one access unit say. */
export interface AccessUnit {
  /** A decoder may begin here: an IDR or CRA picture, or a recovery point (open groups of pictures, intra refresh). */
  readonly key: boolean
  readonly sei: readonly SeiMessage[]
  readonly format?: TrackFormat
  /** A length reached beyond the end. */
  readonly broken: boolean
}

const SEI_USER_DATA = 5
const SEI_RECOVERY_POINT = 6

/** Splits units that stand behind start codes (00 00 01), as in MPEG-TS. */
export function annexBUnits(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const code = Buffer.from([0, 0, 1])
  const units: Uint8Array[] = []
  let start = buffer.indexOf(code)
  while (start !== -1) {
    const next = buffer.indexOf(code, start + 3)
    let end = next === -1 ? buffer.length : next
    while (end > start + 3 && buffer[end - 1] === 0 && next !== -1) end--
    if (end > start + 3) units.push(bytes.subarray(start + 3, end))
    start = next
  }
  return units
}

/** Splits units that stand behind their lengths, as in MP4 and FLV. `broken` when a length reaches beyond the end. */
export function lengthPrefixedUnits(
  bytes: Uint8Array,
  lengthSize = 4,
): { units: Uint8Array[]; broken: boolean } {
  const units: Uint8Array[] = []
  let at = 0
  while (at + lengthSize <= bytes.length) {
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (bytes[at + i] as number)
    at += lengthSize
    if (at + length > bytes.length) return { units, broken: true }
    if (length > 0) units.push(bytes.subarray(at, at + length))
    at += length
  }
  return { units, broken: at !== bytes.length }
}

function readSei(unit: Uint8Array, header_bytes: number): { messages: SeiMessage[]; recovers: boolean } {
  const data = withoutEmulation(unit.subarray(header_bytes))
  const messages: SeiMessage[] = []
  let recovers = false
  let at = 0
  const sized = (): number => {
    let value = 0
    while (at < data.length && data[at] === 255) {
      value += 255
      at++
    }
    value += data[at] ?? 0
    at++
    return value
  }
  // the last byte holds the stop bit
  while (at + 2 < data.length) {
    const type = sized()
    const size = sized()
    if (at + size > data.length) break
    if (type === SEI_RECOVERY_POINT) recovers = true
    if (type === SEI_USER_DATA && size >= 16) {
      const uuid = Buffer.from(data.subarray(at, at + 16)).toString('hex')
      messages.push({ uuid, payload: data.subarray(at + 16, at + size) })
    }
    at += size
  }
  return { messages, recovers }
}

/** Reads the units of one access unit: key frame, SEI user data, and the picture's format where a parameter set stands. */
export function readAccessUnit(units: readonly Uint8Array[], codec: NalCodec, broken = false): AccessUnit {
  let key = false
  let format: TrackFormat | undefined
  const sei: SeiMessage[] = []
  const addSei = (unit: Uint8Array, header_bytes: number): void => {
    const { messages, recovers } = readSei(unit, header_bytes)
    sei.push(...messages)
    key ||= recovers
  }
  for (const unit of units) {
    const first = unit[0] as number
    if (codec === 'h264') {
      const type = first & 31
      if (type === 5) key = true
      else if (type === 6) addSei(unit, 1)
      else if (type === 7) format ??= h264Format(unit)
    } else {
      const type = (first >> 1) & 63
      if (type >= 16 && type <= 21) key = true
      else if (type === 39 || type === 40) addSei(unit, 2)
      else if (type === 33) format ??= h265Format(unit)
    }
  }
  return { key, sei, broken, format }
}
