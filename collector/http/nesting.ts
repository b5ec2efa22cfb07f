const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Shorter bodies are not looked through: however they are nested, parsing them takes less than a millisecond. */
const HARMLESS_BYTES = 16_384

/**
 * Whether JSON text is nested deeper than `depth`, without parsing it: parsing nested text costs a hundred times as
 * much a byte as flat text. Brackets inside of strings do not count.
 */
export function nestedDeeper(body: Buffer, depth: number): boolean {
  if (body.length <= HARMLESS_BYTES) return false
  let level = 0
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === QUOTE) at = endOfString(body, at + 1)
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      level += 1
      if (level > depth) return true
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) level -= 1
  }
  return false
}

function endOfString(body: Buffer, from: number): number {
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at]
    if (byte === BACKSLASH) at += 1
    else if (byte === QUOTE) return at
  }
  return body.length
}
