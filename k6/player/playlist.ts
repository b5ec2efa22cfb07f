/** A variant of a master playlist. */
export interface Variant {
  readonly uri: string
  readonly kbps: number
  readonly height: number
}

export interface Segment {
  readonly sequence: number
  readonly uri: string
  readonly duration_ms: number
  /** EXT-X-PROGRAM-DATE-TIME, ms since the epoch, carried on from segment to segment. */
  readonly filmed_ms?: number
  readonly init?: string
}

export interface MediaPlaylist {
  readonly target_ms: number
  readonly segments: readonly Segment[]
  readonly ended: boolean
}

/** Resolves an address against the playlist it stands in (k6 has no URL of its own). */
export function resolve(uri: string, base: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri)) return uri
  const [, origin = '', path = '/'] = /^([a-z]+:\/\/[^/?#]+)([^?#]*)/i.exec(base) ?? []
  if (uri.startsWith('//')) return origin.slice(0, origin.indexOf(':') + 1) + uri
  if (uri.startsWith('/')) return origin + uri
  const folder = path.slice(0, path.lastIndexOf('/') + 1) || '/'
  const parts: string[] = []
  const [plain = '', query] = uri.split(/(?=\?)/)
  for (const part of (folder + plain).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return `${origin}/${parts.join('/').replace(/^\/+/, '')}${query ?? ''}`
}

const attribute = (line: string, name: string): string | undefined => {
  const found = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,]*))`).exec(line)
  return found?.[1] ?? found?.[2]
}

/** A variant that says its codecs, and none of them is of a picture. */
const isSoundAlone = (line: string): boolean => {
  const codecs = attribute(line, 'CODECS')?.split(',') ?? []
  return (
    attribute(line, 'RESOLUTION') === undefined &&
    codecs.length > 0 &&
    codecs.every((codec) => /^(mp4a|opus|ac-3|ec-3|flac|fLaC|Opus)/.test(codec.trim()))
  )
}

/**
 * The variants of a master playlist; empty when it is a media playlist. As in hls.js, variants of sound alone are played only where
 * there is no picture at all.
 */
export function readVariants(text: string, base: string): Variant[] {
  const lines = text.split(/\r?\n/)
  const variants: Variant[] = []
  const sound: Variant[] = []
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) continue
    const uri = lines.slice(index + 1).find((each) => each !== '' && !each.startsWith('#'))
    if (uri === undefined) continue
    const height = Number(attribute(line, 'RESOLUTION')?.split('x')[1] ?? 0)
    const kbps = Number(attribute(line, 'BANDWIDTH') ?? 0) / 1000
    const into = isSoundAlone(line) ? sound : variants
    into.push({ uri: resolve(uri, base), kbps, height })
  }
  return variants.length > 0 ? variants : sound
}

/** A media playlist; undefined when the text is none. */
export function readMedia(text: string, base: string): MediaPlaylist | undefined {
  if (!text.startsWith('#EXTM3U')) return undefined
  let sequence = 0
  let duration_ms: number | undefined
  let target_ms = 0
  let filmed_ms: number | undefined
  let init: string | undefined
  let ended = false
  const segments: Segment[] = []
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#EXT-X-TARGETDURATION:')) target_ms = Number(line.slice(22)) * 1000
    else if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) sequence = Number(line.slice(22))
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
      // +0000 is what ffmpeg writes; Date.parse wants +00:00
      filmed_ms = Date.parse(line.slice(25).replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
    } else if (line.startsWith('#EXT-X-MAP:')) init = resolve(attribute(line, 'URI') ?? '', base)
    else if (line.startsWith('#EXT-X-ENDLIST')) ended = true
    else if (line.startsWith('#EXTINF:')) duration_ms = Number.parseFloat(line.slice(8)) * 1000
    else if (line !== '' && !line.startsWith('#') && duration_ms !== undefined) {
      segments.push({
        sequence,
        uri: resolve(line, base),
        duration_ms,
        filmed_ms,
        init,
      })
      sequence++
      if (filmed_ms !== undefined) filmed_ms += duration_ms
      duration_ms = undefined
    }
  }
  return target_ms > 0 ? { target_ms, segments, ended } : undefined
}
