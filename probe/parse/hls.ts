import { isoTime_ms } from '../../schemas/readTime.ts'
import {
  type Attributes,
  durationOf,
  numberIn,
  rangeOf,
  readAttributes,
  type Substitute,
  variablesOf,
} from './hlsLines.ts'
import {
  type ByteRange,
  codecOf,
  type Piece,
  type PieceKey,
  type Track,
  uniqueIds,
  type Variant,
} from './tracks.ts'

/** What a media playlist says. */
export interface MediaPlaylist {
  readonly type: 'media'
  readonly track: Omit<Track, 'id' | 'kind'>
  /** Segments that a delta update leaves out (EXT-X-SKIP). */
  readonly skipped: number
}

export type HlsPlaylist =
  | {
      readonly type: 'master'
      readonly variants: readonly Variant[]
      readonly variables: ReadonlyMap<string, string>
    }
  | MediaPlaylist
  | { readonly type: 'unreadable'; readonly why: string }

export interface ReadHlsOptions {
  /** The address that was asked for, where the answer came from another: its query is looked at, too. */
  readonly requested?: string
  /** Variables of the multivariant playlist, for `EXT-X-DEFINE:IMPORT`. */
  readonly imported?: ReadonlyMap<string, string>
}

/** Reads a multivariant or media playlist (RFC 8216bis); `url` is where it came from. Never throws. */
export function readHls(text: string, url: string, options: ReadHlsOptions = {}): HlsPlaylist {
  const clean = text.replace(/^\uFEFF/, '')
  if (!clean.trimStart().startsWith('#EXTM3U'))
    return { type: 'unreadable', why: 'it does not begin with #EXTM3U' }
  try {
    const lines = clean.split(/\r?\n/).map((line) => line.trim())
    const { substitute, variables } = variablesOf(lines, url, options)
    if (lines.some((line) => line.startsWith('#EXT-X-STREAM-INF:')))
      return { type: 'master', variants: variantsOf(lines, url, substitute), variables }
    if (!lines.some((line) => line.startsWith('#EXT-X-TARGETDURATION:')))
      return { type: 'unreadable', why: 'no target duration and no variants' }
    return mediaOf(lines, url, substitute)
  } catch (error) {
    return { type: 'unreadable', why: (error as Error).message }
  }
}

/** Variants, the playlist's own pathway first (content steering), then one rendition of each audio and subtitle group. */
function variantsOf(lines: readonly string[], url: string, substitute: Substitute): Variant[] {
  const variants: (Variant & { readonly pathway: string })[] = []
  const groups = new Map<string, { readonly kind: 'audio' | 'text'; readonly list: Attributes[] }>()
  const unique = uniqueIds()
  let pathway: string | undefined
  let streamInf: Attributes | undefined
  for (const line of lines) {
    const [, tag = '', rest = ''] = /^#(EXT-X-[A-Z-]+):(.*)$/.exec(line) ?? []
    if (tag === 'EXT-X-CONTENT-STEERING') pathway = readAttributes(rest, substitute)['PATHWAY-ID'] ?? '.'
    else if (tag === 'EXT-X-STREAM-INF') streamInf = readAttributes(rest, substitute)
    else if (tag === 'EXT-X-MEDIA') {
      const media = readAttributes(rest, substitute)
      const kind = media.TYPE === 'AUDIO' ? 'audio' : media.TYPE === 'SUBTITLES' ? 'text' : undefined
      if (kind === undefined || media.URI === undefined) continue
      const name = `${kind}:${media['GROUP-ID'] ?? ''}`
      const group = groups.get(name) ?? { kind, list: [] }
      groups.set(name, group)
      group.list.push(media)
    } else if (streamInf !== undefined && line !== '' && !line.startsWith('#')) {
      const variant = variantOf(streamInf, new URL(substitute(line), url).href, line)
      // the same playlist may stand twice, once for each audio group
      if (!variants.some(({ uri }) => uri === variant.uri))
        variants.push({ ...variant, id: unique(variant.id), pathway: streamInf['PATHWAY-ID'] ?? '.' })
      streamInf = undefined
    }
  }
  if (variants.length === 0) throw new Error('it names no variant')
  const own = (each: { pathway: string }) => (pathway !== undefined && each.pathway !== pathway ? 1 : 0)
  const ordered: Variant[] = variants
    .sort((a, b) => own(a) - own(b))
    .map(({ pathway: _, ...variant }) => variant)
  for (const [name, { kind, list }] of groups) {
    const chosen = list.find((each) => each.DEFAULT === 'YES') ?? (list[0] as Attributes)
    const uri = new URL(chosen.URI as string, url).href
    ordered.push({ id: name, kind, uri, audioGroup: kind === 'audio' ? chosen['GROUP-ID'] : undefined })
  }
  return ordered
}

function variantOf(inf: Attributes, uri: string, line: string): Variant {
  const size = /^(\d+)x(\d+)$/i.exec(inf.RESOLUTION ?? '')
  const bandwidth_bps = numberIn(inf.BANDWIDTH)
  const codecs = inf.CODECS
  const audioOnly = codecs !== undefined && size === null && codecOf(codecs, 'video') === undefined
  return {
    id: size ? `${size[2]}p@${Math.round((bandwidth_bps ?? 0) / 1000)}` : line.slice(0, 100),
    kind: audioOnly ? 'audio' : 'video',
    uri,
    bandwidth_bps,
    codecs,
    width: size === null ? undefined : Number(size[1]),
    height: size === null ? undefined : Number(size[2]),
    audioGroup: inf.AUDIO,
  }
}

/** What the lines above a segment said about it. */
interface Pending {
  duration_ms: number | undefined
  range: string | undefined
  gap: boolean
  discontinuity: boolean
  parts: { readonly attributes: Attributes }[]
}

const fresh = (): Pending => ({
  duration_ms: undefined,
  range: undefined,
  gap: false,
  discontinuity: false,
  parts: [],
})

const SEQUENCE_BITS = 50

/** Walks through a media playlist, keeping what applies to all that follows: key, init segment, date, place in a file. */
class MediaReader {
  readonly pieces: Piece[] = []
  readonly keys = new Map<string, PieceKey>()
  sequence = 0
  /** The part of the playlist’s media sequence number that does not fit into `sequence`. */
  left = 0n
  filmed_ms: number | undefined
  init: Piece['init']
  pending = fresh()
  lastSequence = -1
  private lastRange: { uri: string; end: number } | undefined
  private readonly url: string
  private readonly substitute: Substitute

  constructor(url: string, substitute: Substitute) {
    this.url = url
    this.substitute = substitute
  }

  /** The number of the first segment, up to 2^64 (RFC 8216, 4.2): what a double cannot hold exactly is left out of it. */
  begin(text: string): void {
    const found = /^\d{1,20}/.exec(text.trim())
    const number = BigInt(found?.[0] ?? 0)
    this.sequence = Number(BigInt.asUintN(SEQUENCE_BITS, number))
    this.left = number - BigInt(this.sequence)
  }

  resolve(uri: string): string {
    return new URL(this.substitute(uri), this.url).href
  }

  /** A range without an offset begins where the last one of the same file ended. */
  range(text: string | undefined, uri: string): ByteRange | undefined {
    if (text === undefined) return undefined
    const { length, offset } = rangeOf(text)
    const from = offset ?? (this.lastRange?.uri === uri ? this.lastRange.end : 0)
    this.lastRange = { uri, end: from + length }
    return { offset: from, length }
  }

  /** The key that applies now: one that can be fetched before one of a DRM system. */
  key(): PieceKey | undefined {
    const key = this.keys.get('identity') ?? this.keys.values().next().value
    if (key === undefined || key.iv !== undefined || this.left === 0n) return key
    const iv = Buffer.alloc(16)
    iv.writeBigUInt64BE(BigInt.asUintN(64, this.left + BigInt(this.sequence)), 8)
    return { ...key, iv }
  }

  add(piece: Pick<Piece, 'uri' | 'range' | 'duration_ms' | 'discontinuity' | 'gap' | 'part'>): void {
    const { init, filmed_ms, sequence } = this
    this.pieces.push({ ...piece, sequence, init, filmed_ms, key: this.key() })
    if (filmed_ms !== undefined) this.filmed_ms = filmed_ms + piece.duration_ms
  }

  addParts(): void {
    const { parts, discontinuity } = this.pending
    for (const [part, { attributes }] of parts.entries()) {
      if (attributes.URI === undefined) continue
      const uri = this.resolve(attributes.URI)
      const range = this.range(attributes.BYTERANGE, uri)
      const duration_ms = (numberIn(attributes.DURATION) ?? 0) * 1000
      this.add({
        uri,
        range,
        duration_ms,
        part,
        gap: attributes.GAP === 'YES',
        discontinuity: discontinuity && part === 0,
      })
    }
  }

  /** A segment's address ends it. */
  segment(line: string): void {
    const { duration_ms = 0, range, gap, discontinuity, parts } = this.pending
    // where a segment is listed with its parts, the parts are what a low-latency player fetches
    if (parts.length > 0) this.addParts()
    else {
      const uri = this.resolve(line)
      this.add({ uri, range: this.range(range, uri), duration_ms, gap, discontinuity })
    }
    this.lastSequence = this.sequence
    this.sequence++
    this.pending = fresh()
  }
}

function readKey(reader: MediaReader, attributes: Attributes, previous: boolean): void {
  const method = attributes.METHOD ?? 'NONE'
  const format = attributes.KEYFORMAT ?? 'identity'
  // Several keys of several DRM systems stand together; a new group takes the place of the old one.
  if (!previous) reader.keys.clear()
  if (method === 'NONE') return
  const iv = /^0x([0-9a-f]+)$/i.exec(attributes.IV ?? '')?.[1]
  reader.keys.set(format, {
    method,
    format,
    uri: attributes.URI === undefined ? undefined : reader.resolve(attributes.URI),
    iv: iv === undefined ? undefined : Buffer.from(iv.padStart(32, '0').slice(-32), 'hex'),
  })
}

function mediaOf(lines: readonly string[], url: string, substitute: Substitute): MediaPlaylist {
  const reader = new MediaReader(url, substitute)
  let target_ms = 0
  let partTarget_ms: number | undefined
  let control: Attributes = {}
  let ended = false
  let skipped = 0
  let before = ''
  for (const line of lines) {
    if (line === '') continue
    const [, tag = '', rest = ''] = /^#(EXT[A-Z0-9-]*):?(.*)$/.exec(line) ?? []
    const attributes = () => readAttributes(rest, substitute)
    if (!line.startsWith('#')) reader.segment(line)
    else if (tag === 'EXTINF') reader.pending.duration_ms = durationOf(rest)
    else if (tag === 'EXT-X-TARGETDURATION') target_ms = (numberIn(rest) ?? 0) * 1000
    else if (tag === 'EXT-X-MEDIA-SEQUENCE') reader.begin(rest)
    else if (tag === 'EXT-X-SKIP') {
      skipped = Math.min(1e6, Math.max(0, Math.trunc(numberIn(attributes()['SKIPPED-SEGMENTS']) ?? 0)))
      reader.sequence += skipped
    } else if (tag === 'EXT-X-PROGRAM-DATE-TIME') {
      const date = isoTime_ms(rest)
      if (!Number.isNaN(date)) reader.filmed_ms = date
    } else if (tag === 'EXT-X-BYTERANGE') reader.pending.range = rest
    else if (tag === 'EXT-X-GAP') reader.pending.gap = true
    else if (tag === 'EXT-X-DISCONTINUITY') reader.pending.discontinuity = true
    else if (tag === 'EXT-X-PART') reader.pending.parts.push({ attributes: attributes() })
    else if (tag === 'EXT-X-KEY') readKey(reader, attributes(), before === 'EXT-X-KEY')
    else if (tag === 'EXT-X-MAP') {
      const { URI, BYTERANGE } = attributes()
      if (URI === undefined) continue
      const { length, offset = 0 } = BYTERANGE === undefined ? { length: 0 } : rangeOf(BYTERANGE)
      const range = BYTERANGE === undefined ? undefined : { offset, length }
      reader.init = { uri: reader.resolve(URI), range, key: reader.key() }
    } else if (tag === 'EXT-X-SERVER-CONTROL') control = attributes()
    else if (tag === 'EXT-X-PART-INF') {
      const part_s = numberIn(attributes()['PART-TARGET'])
      partTarget_ms = part_s === undefined ? undefined : part_s * 1000
    } else if (tag === 'EXT-X-ENDLIST') ended = true
    // A comment between two keys does not part them.
    if (tag !== '' || !line.startsWith('#')) before = tag
  }
  const writing = reader.pending.parts.length
  if (writing > 0) reader.addParts()
  const { pieces, lastSequence, sequence, filmed_ms } = reader
  const holdBack = numberIn(partTarget_ms === undefined ? control['HOLD-BACK'] : control['PART-HOLD-BACK'])
  return {
    type: 'media',
    skipped,
    track: {
      target_ms,
      holdBack_ms: holdBack === undefined ? 3 * (partTarget_ms ?? target_ms) : holdBack * 1000,
      partTarget_ms,
      canBlock: control['CAN-BLOCK-RELOAD'] === 'YES',
      ended,
      pieces,
      edge: { sequence: writing > 0 ? sequence : lastSequence, part: writing - 1, filmed_ms },
    },
  }
}
