import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ProbeReason } from '../../schemas/probeReasons.ts'
import { pause } from '../clock.ts'
import type { TestCertificate } from './certificate.ts'
import { shiftAudio } from './shiftAudio.ts'

interface FaultSpec {
  /** The reason a probe has to name for it. */
  readonly reason: ProbeReason
  /** Another encoding of the stream stands for the healthy one: its name among the alternates. */
  readonly alternate?: string
  /** It can be told only by real decoding. */
  readonly decoding?: true
}

/** The faults a stream can be given, and what a probe has to say to each. */
export const FAULTS = {
  stale_playlist: { reason: 'playlist_stale' },
  missing_segment: { reason: 'segment_missing' },
  wrong_duration: { reason: 'segment_duration_wrong' },
  slow_first_byte: { reason: 'first_byte_slow' },
  tls_expiry: { reason: 'certificate_expired' },
  dns_failure: { reason: 'dns_name_not_found' },
  long_gop: { reason: 'key_frame_interval_long', alternate: 'gop' },
  audio_offset: { reason: 'audio_video_offset' },
  half_bitrate: { reason: 'bitrate_below_declared', alternate: 'half' },
  variant_behind: { reason: 'variant_behind' },
  codec_change: { reason: 'codec_changed', alternate: 'hevc' },
  black_picture: { reason: 'picture_black', alternate: 'black', decoding: true },
  frozen_picture: { reason: 'picture_frozen', alternate: 'frozen', decoding: true },
  truncated_segment: { reason: 'segment_truncated' },
  hotlink_403: { reason: 'manifest_forbidden' },
} as const satisfies Readonly<Record<string, FaultSpec>>

export type FaultName = keyof typeof FAULTS

export interface FaultServerOptions {
  /** The origin's address of the healthy stream's folder; `master.m3u8` lies in it. */
  readonly healthy: string
  /** Folders of other encodings, by the names the faults use. */
  readonly alternates: Readonly<Record<string, string>>
  /** A certificate that has expired, for `tls_expiry`. */
  readonly expired: TestCertificate
}

export interface FaultServer {
  /** The stream's address under a fault, or healthy. Faults do not disturb each other: each has its own path. */
  readonly url: (fault?: FaultName) => string
  readonly stop: () => Promise<void>
}

const SLOW_MS = 3_000
const OFFSET_MS = 400
const BEHIND_SEGMENTS = 5

const isPlaylist = (path: string): boolean => path.endsWith('.m3u8')
const isSegment = (path: string): boolean => path.endsWith('.m4s')
const numberOf = (path: string): number => Number(/(\d+)\.m4s$/.exec(path)?.[1] ?? 0)

/** A proxy in front of a real live stream that spoils it in one way at a time. */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
  const frozen = new Map<string, Buffer>()

  const fromOrigin = async (url: string): Promise<{ status: number; body: Buffer; type: string }> => {
    const answer = await fetch(url)
    const body = Buffer.from(await answer.arrayBuffer())
    return {
      status: answer.status,
      body,
      type: answer.headers.get('content-type') ?? 'application/octet-stream',
    }
  }

  /** The body as the fault wants it; undefined: the answer is 404. */
  const spoil = async (
    fault: FaultName | undefined,
    path: string,
    body: Buffer,
    init: () => Promise<Buffer>,
  ) => {
    if (fault === 'stale_playlist' && isPlaylist(path)) {
      const before = frozen.get(path)
      if (before === undefined) frozen.set(path, body)
      return before ?? body
    }
    if (fault === 'wrong_duration' && isPlaylist(path)) {
      const longer = (_: string, seconds: string) => `#EXTINF:${(Number(seconds) * 1.45).toFixed(3)},`
      return Buffer.from(body.toString().replace(/#EXTINF:([\d.]+),/g, longer))
    }
    if (fault === 'variant_behind' && path.startsWith('1/') && isPlaylist(path)) {
      const lines = body.toString().split('\n')
      const starts = lines.flatMap((line, index) => (line.startsWith('#EXTINF') ? [index] : []))
      return Buffer.from(`${lines.slice(0, starts.at(-BEHIND_SEGMENTS)).join('\n')}\n`)
    }
    if (fault === 'missing_segment' && isSegment(path) && numberOf(path) % 3 === 0) return undefined
    if (fault === 'audio_offset' && isSegment(path)) return shiftAudio(await init(), body, OFFSET_MS)
    // the announced length is the short one: only the boxes tell that something is missing
    if (fault === 'truncated_segment' && isSegment(path))
      return body.subarray(0, Math.floor(body.length * 0.6))
    return body
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, name = '', ...rest] = new URL(request.url ?? '/', 'http://x').pathname.split('/')
    const fault = name in FAULTS ? (name as FaultName) : undefined
    const path = rest.join('/')
    if (fault === 'hotlink_403' && request.headers.referer === undefined) {
      response.writeHead(403).end('hotlinking is not allowed')
      return
    }
    const spec: FaultSpec | undefined = fault === undefined ? undefined : FAULTS[fault]
    // the master playlist stays the healthy one: the declared bitrate and codec are what they were
    const folder =
      spec?.alternate === undefined || path === 'master.m3u8'
        ? options.healthy
        : options.alternates[spec.alternate]
    const origin = `${folder}/${path}`
    const answer = await fromOrigin(origin)
    const init = async () => {
      const folderUrl = origin.slice(0, origin.lastIndexOf('/'))
      const playlist = await fromOrigin(`${folderUrl}/index.m3u8`)
      const name = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist.body.toString())?.[1] ?? 'init.mp4'
      return (await fromOrigin(`${folderUrl}/${name}`)).body
    }
    const body = answer.status === 200 ? await spoil(fault, path, answer.body, init) : answer.body
    if (fault === 'slow_first_byte' && isSegment(path)) await pause(SLOW_MS)
    const headers = { 'access-control-allow-origin': '*', 'content-type': answer.type }
    if (body === undefined) response.writeHead(404, headers).end()
    else response.writeHead(answer.status, { ...headers, 'content-length': body.length }).end(body)
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch(() => response.destroy())
  }
  const plain = createServer(listener)
  const secure = createSecureServer({ key: options.expired.key, cert: options.expired.cert }, listener)
  const portOf = async (server: typeof plain | typeof secure): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const port = await portOf(plain)
  const securePort = await portOf(secure)
  return {
    url: (fault) => {
      if (fault === 'tls_expiry') return `https://127.0.0.1:${securePort}/healthy/master.m3u8`
      if (fault === 'dns_failure') return 'http://live.firstframe.invalid/master.m3u8'
      return `http://127.0.0.1:${port}/${fault ?? 'healthy'}/master.m3u8`
    },
    stop: async () => {
      for (const server of [plain, secure]) {
        server.closeAllConnections()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      }
    },
  }
}
