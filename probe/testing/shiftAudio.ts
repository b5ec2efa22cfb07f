/** Containers on the way to what is looked for. */
const NESTED = new Set(['moof', 'traf', 'moov', 'trak', 'mdia'])

interface Box {
  readonly type: string
  readonly at: number
  readonly size: number
}

function boxesOf(bytes: Buffer, from: number, to: number): Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at)
    if (size < 8 || at + size > to) break
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), at, size })
    at += size
  }
  return found
}

const inside = (bytes: Buffer, box: Box): Box[] => boxesOf(bytes, box.at + 8, box.at + box.size)

/** Finds boxes of a type at any depth below `box`. */
function findAll(bytes: Buffer, boxes: readonly Box[], type: string): Box[] {
  return boxes.flatMap((box) => [
    ...(box.type === type ? [box] : []),
    ...(NESTED.has(box.type) ? findAll(bytes, inside(bytes, box), type) : []),
  ])
}

/** Track number and timescale of the sound in an init segment. */
export function audioTrackOf(init: Buffer): { id: number; timescale: number } | undefined {
  for (const track of findAll(init, boxesOf(init, 0, init.length), 'trak')) {
    const children = inside(init, track)
    const handler = findAll(init, children, 'hdlr')[0]
    if (handler === undefined || init.toString('latin1', handler.at + 16, handler.at + 20) !== 'soun')
      continue
    const header = children.find((box) => box.type === 'tkhd')
    const media = findAll(init, children, 'mdhd')[0]
    if (header === undefined || media === undefined) continue
    const long = (box: Box) => init[box.at + 8] === 1
    return {
      id: init.readUInt32BE(header.at + (long(header) ? 28 : 20)),
      timescale: init.readUInt32BE(media.at + (long(media) ? 28 : 20)),
    }
  }
  return undefined
}

/** Moves the sound of a fragmented MP4 segment later by `ms`; the picture stays where it was. */
export function shiftAudio(init: Buffer, segment: Buffer, ms: number): Buffer {
  const track = audioTrackOf(init)
  if (track === undefined) return segment
  const moved = Buffer.from(segment)
  for (const fragment of findAll(moved, boxesOf(moved, 0, moved.length), 'traf')) {
    const children = inside(moved, fragment)
    const header = children.find((box) => box.type === 'tfhd')
    const time = children.find((box) => box.type === 'tfdt')
    if (header === undefined || time === undefined) continue
    if (moved.readUInt32BE(header.at + 12) !== track.id) continue
    const by = Math.round((ms / 1000) * track.timescale)
    if (moved[time.at + 8] === 1)
      moved.writeBigUInt64BE(moved.readBigUInt64BE(time.at + 12) + BigInt(by), time.at + 12)
    else moved.writeUInt32BE(moved.readUInt32BE(time.at + 12) + by, time.at + 12)
  }
  return moved
}
