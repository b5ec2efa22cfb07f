import { createCipheriv } from 'node:crypto'

/** A box of ISO BMFF. */
const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(body.length + 4)
  return Buffer.concat([size, body])
}

interface Found {
  readonly type: string
  readonly at: number
  readonly end: number
}

function boxesIn(bytes: Buffer, from: number, end: number): Found[] {
  const found: Found[] = []
  for (let at = from; at + 8 <= end; at = found.at(-1)!.end)
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), at, end: at + bytes.readUInt32BE(at) })
  return found
}

const within = (bytes: Buffer, path: readonly string[]): Found => {
  let place: Found = { type: '', at: -8, end: bytes.length }
  for (const type of path) {
    const found = boxesIn(bytes, place.at + 8, place.end).find((each) => each.type === type)
    if (found === undefined) throw new Error(`no box ${path.join('/')}`)
    place = found
  }
  return place
}

/** Bytes of a NAL unit that stay in the clear beside its length: players read slice headers there. */
const CLEAR_BYTES = 64

/**
 * Encrypts a clear H.264 segment of ffmpeg by Common Encryption (ISO/IEC 23001-7, scheme `cenc`, subsamples), which ffmpeg 5 does for
 * whole files only. The initialisation segment comes from ffmpeg.
 */
export function protectSegment(clear: Buffer, key: Buffer, segment: number): Buffer {
  const bytes = Buffer.from(clear)
  const moof = within(bytes, ['moof'])
  const traf = within(bytes, ['moof', 'traf'])
  const trun = within(bytes, ['moof', 'traf', 'trun'])
  const mdat = within(bytes, ['mdat'])
  const flags = bytes.readUInt32BE(trun.at + 8) & 0xff_ffff
  const samples = bytes.readUInt32BE(trun.at + 12)
  let entry = trun.at + 16 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0)
  let at = mdat.at + 8
  const senc: Buffer[] = []
  const sizes: number[] = []
  for (let sample = 0; sample < samples; sample++) {
    entry += flags & 0x100 ? 4 : 0
    const size = bytes.readUInt32BE(entry)
    entry += 4 + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0)
    const iv = Buffer.alloc(8)
    iv.writeUInt32BE(segment, 0)
    iv.writeUInt32BE(sample, 4)
    const cipher = createCipheriv('aes-128-ctr', key, Buffer.concat([iv, Buffer.alloc(8)]))
    const subsamples: Buffer[] = []
    for (const end = at + size; at < end; ) {
      const nal = bytes.readUInt32BE(at) + 4
      const open = Math.min(nal, 4 + CLEAR_BYTES)
      cipher.update(bytes.subarray(at + open, at + nal)).copy(bytes, at + open)
      const subsample = Buffer.alloc(6)
      subsample.writeUInt16BE(open, 0)
      subsample.writeUInt32BE(nal - open, 2)
      subsamples.push(subsample)
      at += nal
    }
    const count = Buffer.alloc(2)
    count.writeUInt16BE(subsamples.length)
    senc.push(Buffer.concat([iv, count, ...subsamples]))
    sizes.push(senc.at(-1)!.length)
  }
  const word = (value: number) => {
    const four = Buffer.alloc(4)
    four.writeUInt32BE(value)
    return four
  }
  const saiz = box('saiz', word(0), Buffer.of(0), word(samples), Buffer.from(sizes))
  const saioSize = 20
  // The first entry of senc, from the beginning of moof.
  const first = traf.end - moof.at + saiz.length + saioSize + 16
  const added = Buffer.concat([
    saiz,
    box('saio', word(0), word(1), word(first)),
    box('senc', word(2), word(samples), ...senc),
  ])
  bytes.writeUInt32BE(moof.end - moof.at + added.length, moof.at)
  bytes.writeUInt32BE(traf.end - traf.at + added.length, traf.at)
  bytes.writeInt32BE(bytes.readInt32BE(trun.at + 16) + added.length, trun.at + 16)
  return Buffer.concat([bytes.subarray(0, traf.end), added, bytes.subarray(traf.end)])
}
