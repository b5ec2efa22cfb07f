import { createFile, type ISOFile, MP4BoxBuffer, type Sample, type Track } from 'mp4box'
import { audioFacts, type Frame, type MediaFacts, videoFacts } from './facts.ts'
import { lengthPrefixedUnits, type NalCodec, readAccessUnit } from './nalUnits.ts'

/** Sizes of the top-level boxes, as far as they can be read; `whole` is false when the last one is cut. */
function topLevelBoxes(bytes: Uint8Array): { types: string[]; whole: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const types: string[] = []
  let at = 0
  while (at + 8 <= bytes.length) {
    let size = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (size === 1) {
      if (at + 16 > bytes.length) return { types, whole: false }
      size = Number(view.getBigUint64(at + 8))
    } else if (size === 0) size = bytes.length - at
    types.push(type)
    if (size < 8 || at + size > bytes.length) return { types, whole: false }
    at += size
  }
  return { types, whole: at === bytes.length }
}

const nalCodecOf = (codec: string): NalCodec | undefined =>
  /^avc/.test(codec) ? 'h264' : /^(hvc|hev)/.test(codec) ? 'h265' : undefined

/** Distance of the NAL lengths, from the decoder configuration record. */
function lengthSizeOf(sample: Sample): number {
  const entry = sample.description as {
    avcC?: { lengthSizeMinusOne: number }
    hvcC?: { lengthSizeMinusOne: number }
  }
  return ((entry.avcC ?? entry.hvcC)?.lengthSizeMinusOne ?? 3) + 1
}

/** The codec behind an encrypted sample entry (`encv`, `enca`): what its `frma` box says it was. */
function originalCodec(file: ISOFile, track: Track): { codec: string; encrypted: boolean } {
  if (!/^enc[vat]/.test(track.codec)) return { codec: track.codec, encrypted: false }
  const entries = file.getTrackById(track.id)?.mdia?.minf?.stbl?.stsd?.entries as unknown as
    | readonly { sinfs?: readonly { frma?: { data_format?: string } }[] }[]
    | undefined
  return { codec: entries?.[0]?.sinfs?.[0]?.frma?.data_format ?? '', encrypted: true }
}

function videoFrames(file: ISOFile, track: Track, bytes: Uint8Array): { frames: Frame[]; cut: boolean } {
  const codec = nalCodecOf(track.codec)
  let cut = false
  const frames: Frame[] = []
  for (const sample of file.getTrackSamplesInfo(track.id)) {
    const scale = 1000 / sample.timescale
    const inside = sample.offset + sample.size <= bytes.length
    if (!inside) {
      cut = true
      continue
    }
    let key = sample.is_sync
    let sei: Frame['sei']
    if (codec !== undefined) {
      const data = bytes.subarray(sample.offset, sample.offset + sample.size)
      const { units, broken } = lengthPrefixedUnits(data, lengthSizeOf(sample))
      const unit = readAccessUnit(units, codec, broken)
      // flags of the container can lie; a picture begins at what the decoder takes for a key frame
      key = unit.key
      if (unit.sei.length > 0) sei = unit.sei
    }
    frames.push({
      kind: 'video',
      pts_ms: sample.cts * scale,
      dts_ms: sample.dts * scale,
      duration_ms: sample.duration * scale,
      key,
      bytes: sample.size,
      sei,
    })
  }
  return { frames, cut }
}

function audioFrames(file: ISOFile, track: Track, length: number): { frames: Frame[]; cut: boolean } {
  let cut = false
  const frames: Frame[] = []
  for (const sample of file.getTrackSamplesInfo(track.id)) {
    if (sample.offset + sample.size > length) {
      cut = true
      continue
    }
    const scale = 1000 / sample.timescale
    frames.push({
      kind: 'audio',
      pts_ms: sample.cts * scale,
      dts_ms: sample.dts * scale,
      duration_ms: sample.duration * scale,
      key: true,
      bytes: sample.size,
    })
  }
  return { frames, cut }
}

/** Boxes that a fragment can begin with. */
const BOXES = new Set('ftyp styp sidx ssix moof moov mdat emsg prft free skip uuid pdin wide mfra'.split(' '))

/** The problem of a fragment whose tracks are neither picture nor sound. */
export const NO_SAMPLES = 'no samples in it'

/** Reads a fragment of fragmented MP4 behind its init segment. Never throws: what cannot be read is a `problem`. */
export function readMp4(init: Uint8Array, segment: Uint8Array): MediaFacts {
  const boxes = topLevelBoxes(segment)
  const truncated = !boxes.whole
  if (boxes.types[0] === undefined || !BOXES.has(boxes.types[0]))
    return { truncated: segment.length < 8, problem: 'it does not begin with a box of MP4' }
  if (!boxes.types.includes('moof')) return { truncated, problem: 'no movie fragment (moof) in it' }
  const all = new Uint8Array(init.length + segment.length)
  all.set(init)
  all.set(segment, init.length)
  try {
    const file = createFile()
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(all.buffer, 0))
    file.flush()
    if (file.moov === undefined) return { truncated, problem: 'the init segment has no movie header (moov)' }
    let cut = false
    let sealed = false
    let facts: Pick<MediaFacts, 'video' | 'audio'> = {}
    for (const track of file.getInfo().tracks) {
      const { codec, encrypted } = originalCodec(file, track)
      sealed ||= encrypted
      if (track.type === 'video' && facts.video === undefined) {
        const found = videoFrames(file, track, all)
        cut ||= found.cut
        const { width = 0, height = 0 } = track.video ?? {}
        const video = videoFacts(found.frames, { codec, width, height })
        if (video !== undefined) facts = { ...facts, video }
      } else if (track.type === 'audio' && facts.audio === undefined) {
        const found = audioFrames(file, track, all.length)
        cut ||= found.cut
        const { sample_rate: sampleRate = 0, channel_count: channels = 0 } = track.audio ?? {}
        const audio = audioFacts(found.frames, { codec, sampleRate, channels })
        if (audio !== undefined) facts = { ...facts, audio }
      }
    }
    const empty = facts.video === undefined && facts.audio === undefined
    return {
      ...facts,
      truncated: truncated || cut,
      encrypted: sealed || undefined,
      problem: empty ? NO_SAMPLES : undefined,
    }
  } catch (error) {
    return { truncated, problem: `not readable as MP4: ${(error as Error).message}` }
  }
}
