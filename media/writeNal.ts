import { SEI_USER_DATA } from '../schemas/sei.ts'

/** NAL unit types of H.264 (ITU-T H.264, table 7-1). */
const SEI_NAL = 6
const ACCESS_UNIT_DELIMITER = 9

/** Puts a 3 wherever two zeros would be followed by 0 … 3 (ITU-T H.264, 7.4.1). */
export function escapeNal(bytes: Uint8Array): Buffer {
  const out: number[] = []
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3)
      zeros = 0
    }
    out.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Buffer.from(out)
}

/** A NAL unit with one SEI message of user data (UUID and what follows), escaped. */
export function seiNal(payload: Uint8Array): Buffer {
  const sizes: number[] = []
  let left = payload.length
  for (; left >= 255; left -= 255) sizes.push(255)
  sizes.push(left)
  return escapeNal(
    Buffer.concat([Buffer.from([SEI_NAL, SEI_USER_DATA, ...sizes]), payload, Buffer.from([0x80])]),
  )
}

/**
 * Bytes of a NAL unit's length in a picture, from the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1).
 */
export function nalLengthBytes(configuration: Uint8Array): number {
  return ((configuration[4] ?? 3) & 3) + 1
}

/**
 * A picture (NAL units behind their lengths) with a NAL unit put first, or second where an access unit delimiter,
 * which must be first, begins it.
 */
export function insertNal(picture: Buffer, nal: Buffer, length_bytes: number): Buffer {
  const length = Buffer.alloc(length_bytes)
  length.writeUIntBE(nal.length, 0, length_bytes)
  const first = picture.length > length_bytes ? picture[length_bytes]! & 0x1f : 0
  const at = first === ACCESS_UNIT_DELIMITER ? length_bytes + picture.readUIntBE(0, length_bytes) : 0
  return Buffer.concat([picture.subarray(0, at), length, nal, picture.subarray(at)])
}
