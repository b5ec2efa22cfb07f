/**
 * A round's cue inside the picture: an H.264/H.265 SEI message "user data unregistered" (payload type 5, ITU-T H.264
 * D.1.7), so that a page shows the round at the very frame the operator meant, whatever its latency.
 *
 * Layout, big-endian; at most 255 bytes with the UUID:
 *
 * | bytes | what |
 * |---|---|
 * | 16 | UUID `5ec08dff-bdf5-4ae9-8172-705a3dbb38b6` |
 * | 1 | version, 1; a reader takes later ones too, and what they add stands at the end |
 * | 8 | when the operator triggered it, µs since the epoch, the operator's wall clock |
 * | 4 | from the trigger until it was put into the frame, µs; 4 294 967 295: longer, or not known |
 * | 1 + n | round: length in bytes, UTF-8 |
 * | 1 + n | cue, its number or name within the round: length in bytes, UTF-8 |
 * | 1 + n | data for the page, anything: length in bytes, UTF-8 |
 */

/** The UUID as 32 lower-case hexadecimal digits, without hyphens. */
export const CUE_UUID = '5ec08dffbdf54ae98172705a3dbb38b6'

export const CUE_VERSION = 1
/** An SEI message of ours, UUID included, is never longer: some relays cut longer ones. */
export const CUE_BYTES = 255
/** Payload type of "user data unregistered". */
export const SEI_USER_DATA = 5

const HEAD_BYTES = 1 + 8 + 4
const UUID_BYTES = 16
const LONGEST_US = 0xff_ff_ff_ff

export interface CueMessage {
  readonly round: string
  /** Number or name within the round; empty for a round with one cue. */
  readonly cue: string
  /** When the operator triggered it, µs since the epoch. */
  readonly issued_us: number
  /** From the trigger until it was put into the frame, µs. */
  readonly inserted_after_us?: number
  /** For the page's handler, as the operator gave it. */
  readonly data: string
}

/** Why a cue cannot be carried. */
export type CueRefusal = 'no_round' | 'too_long' | 'bad_time'

const uuidBytes = (): number[] =>
  Array.from({ length: UUID_BYTES }, (_, at) => Number.parseInt(CUE_UUID.slice(at * 2, at * 2 + 2), 16))

/**
 * The SEI payload of a cue, UUID first; or why there is none.
 * @example encodeCue({ round: 'red-7', cue: '', issued_us: 1.795e15, data: '' })  // 49 bytes
 */
export function encodeCue(message: CueMessage): Uint8Array | CueRefusal {
  const { issued_us, inserted_after_us } = message
  if (message.round === '') return 'no_round'
  if (!Number.isSafeInteger(issued_us) || issued_us < 0) return 'bad_time'
  const texts = [message.round, message.cue, message.data].map((text) => new TextEncoder().encode(text))
  const length = UUID_BYTES + HEAD_BYTES + texts.reduce((sum, text) => sum + 1 + text.length, 0)
  if (length > CUE_BYTES) return 'too_long'
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  out.set(uuidBytes())
  out[UUID_BYTES] = CUE_VERSION
  view.setBigUint64(UUID_BYTES + 1, BigInt(issued_us))
  const after =
    inserted_after_us === undefined || inserted_after_us < 0 || inserted_after_us >= LONGEST_US
      ? LONGEST_US
      : Math.round(inserted_after_us)
  view.setUint32(UUID_BYTES + 9, after)
  let at = UUID_BYTES + HEAD_BYTES
  for (const text of texts) {
    out[at] = text.length
    out.set(text, at + 1)
    at += 1 + text.length
  }
  return out
}

/**
 * Reads what follows the UUID of an SEI message; undefined when the UUID is another's or the bytes are none of ours.
 * @param uuid 32 hexadecimal digits; hyphens and upper case do not matter
 */
export function decodeCue(uuid: string, data: Uint8Array): CueMessage | undefined {
  if (uuid.replaceAll('-', '').toLowerCase() !== CUE_UUID) return undefined
  if (data.length < HEAD_BYTES || data[0]! < CUE_VERSION) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const issued_us = Number(view.getBigUint64(1))
  const after = view.getUint32(9)
  const texts: string[] = []
  let at = HEAD_BYTES
  for (let count = 0; count < 3; count++) {
    const length = data[at]
    if (length === undefined || at + 1 + length > data.length) return undefined
    texts.push(new TextDecoder().decode(data.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
  const [round = '', cue = '', text = ''] = texts
  if (round === '' || !Number.isSafeInteger(issued_us)) return undefined
  return { round, cue, issued_us, ...(after === LONGEST_US ? {} : { inserted_after_us: after }), data: text }
}
