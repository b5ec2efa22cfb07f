import { spawn } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readMp4 } from '../../media/mp4.ts'
import type { Clock } from '../clock.ts'

interface Part {
  readonly bytes: Buffer
  readonly seconds: number
  readonly independent: boolean
  readonly at_ms: number
}

export interface LowLatencyOrigin {
  readonly url: string
  /** From now on no part comes any more; blocked reloads stay unanswered. */
  readonly freeze: () => void
  readonly log: () => string
  readonly stop: () => Promise<void>
}

const PART_TARGET_S = 0.26
const KEPT_SEGMENTS = 8
const FFMPEG = [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
  ...[
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=192x108:rate=20',
    '-re',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440',
  ],
  ...[
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-pix_fmt',
    'yuv420p',
    '-b:v',
    '200k',
  ],
  ...['-g', '20', '-keyint_min', '20', '-sc_threshold', '0', '-c:a', 'aac', '-b:a', '48k'],
  ...['-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '250000'],
  ...['-flush_packets', '1', 'pipe:1'],
]

/** A real ffmpeg's fragments served as Apple's low-latency HLS: parts, preload hints, blocking reload. */
export async function startLowLatency(clock: Clock): Promise<LowLatencyOrigin> {
  const child = spawn('ffmpeg', FFMPEG, { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let log = ''
  child.stderr.on('data', (text: Buffer) => {
    log = (log + text.toString()).slice(-8_192)
  })
  const segments: Part[][] = []
  let init = Buffer.alloc(0)
  let rest = Buffer.alloc(0)
  let fragment: Buffer[] = []
  let frozen = false
  const waiting = new Set<() => void>()

  const addPart = (bytes: Buffer) => {
    const { video } = readMp4(init, bytes)
    if (video === undefined) return
    const independent = video.keyFrames_ms[0] === video.start_ms
    if (independent) segments.push([])
    segments
      .at(-1)
      ?.push({ bytes, seconds: (video.end_ms - video.start_ms) / 1000, independent, at_ms: clock() })
    for (const wake of waiting) wake()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    if (frozen) return
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 8 && rest.length >= rest.readUInt32BE(0)) {
      const size = rest.readUInt32BE(0)
      const type = rest.toString('latin1', 4, 8)
      const box = Buffer.from(rest.subarray(0, size))
      rest = rest.subarray(size)
      if (type === 'ftyp' || type === 'moov') init = Buffer.concat([init, box])
      else fragment.push(box)
      if (type === 'mdat') {
        addPart(Buffer.concat(fragment))
        fragment = []
      }
    }
  })

  const playlist = (): string => {
    const first = Math.max(0, segments.length - 1 - KEPT_SEGMENTS)
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:1',
      `#EXT-X-PART-INF:PART-TARGET=${PART_TARGET_S}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${PART_TARGET_S * 3}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      '#EXT-X-MAP:URI="init.mp4"',
    ]
    for (let number = first; number < segments.length; number++) {
      const parts = segments[number] ?? []
      const writing = number === segments.length - 1
      const begun = parts[0]
      if (begun !== undefined) {
        // a part leaves the encoder when its last frame is there: it was filmed its own duration earlier
        lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(begun.at_ms - begun.seconds * 1000).toISOString()}`)
      }
      if (number >= segments.length - 3) {
        for (const [index, part] of parts.entries()) {
          const independent = part.independent ? ',INDEPENDENT=YES' : ''
          lines.push(
            `#EXT-X-PART:DURATION=${part.seconds.toFixed(5)},URI="${number}.${index}.m4s"${independent}`,
          )
        }
      }
      if (writing) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${number}.${parts.length}.m4s"`)
      else {
        const seconds = parts.reduce((sum, part) => sum + part.seconds, 0)
        lines.push(`#EXTINF:${seconds.toFixed(5)},`, `${number}.m4s`)
      }
    }
    return `${lines.join('\n')}\n`
  }

  const has = (segment: number, part: number): boolean =>
    segments.length - 1 > segment ||
    (segments.length - 1 === segment && (segments[segment]?.length ?? 0) > part)

  const answerPlaylist = async (query: URLSearchParams, response: ServerResponse) => {
    const segment = Number(query.get('_HLS_msn') ?? -1)
    const part = Number(query.get('_HLS_part') ?? -1)
    while (segment >= 0 && !has(segment, part) && !response.destroyed) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        response.once('close', wake)
      })
    }
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(playlist())
  }

  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '/', 'http://x')
    if (target.pathname.endsWith('.m3u8')) {
      answerPlaylist(target.searchParams, response).catch(() => response.destroy())
      return
    }
    const [, segment, , part] = /\/(\d+)(\.(\d+))?\.m4s$/.exec(target.pathname) ?? []
    const parts = segment === undefined ? undefined : segments[Number(segment)]
    const body = target.pathname.endsWith('/init.mp4')
      ? init
      : part === undefined
        ? parts && Buffer.concat(parts.map((each) => each.bytes))
        : parts?.[Number(part)]?.bytes
    if (body === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': body.length }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8`,
    freeze: () => {
      frozen = true
    },
    log: () => log,
    stop: async () => {
      process.off('exit', kill)
      kill()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
