/**
 * Players at a fixed pace, in a process of their own: each sends one heartbeat of 10 s every 10 s, with numbers that ascend,
 * a browser's name and an address of its own. Beats are due by the clock, not by the answers: what the collector does
 * late counts as late. Talks with its parent by messages (`PlayersCommand`).
 */
import { connect, type Socket } from 'node:net'
import { quantile } from '../harness/figures.ts'

export interface PlayersOptions {
  readonly urls: readonly string[]
  readonly key: string
  readonly events_per_s: number
  /** Beats in a body, each of a session of its own, as a server that gathers them for players sends. */
  readonly batch?: number
  /** Sessions that take turns; without it so many that each beats every 10 s. */
  readonly sessions?: number
  /** What their sessions' names begin with, and how many beats they have sent: to go on where others stopped. */
  readonly name: string
  readonly from?: number
  /** Streams that they watch (4). */
  readonly streams?: number
}

export type PlayersCommand =
  | { readonly type: 'count' }
  | { readonly type: 'marker'; readonly session: string }

/** What happened since the last count. */
export interface PlayersCount {
  readonly type: 'count'
  /** Beats that were due. */
  readonly sent: number
  readonly answered: number
  readonly refused: number
  /** Connections that broke, and answers that are neither 204, 429 nor 503. */
  readonly failed: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Of refusals: p99 from due to answer. */
  readonly refused_p99_ms: number
}

const BEAT_MS = 10_000
const STEP_MS = 5
/** Connections at most; above it beats wait for a free connection, and are late. */
const MOST_CONNECTIONS = 8_000
const AGENT =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36'

/** A beat on its way. */
interface Beat {
  readonly due_ms: number
  readonly bytes: string
  readonly events: number
  readonly done?: () => void
}

function run(options: PlayersOptions): void {
  const { urls, key, events_per_s, batch = 1, sessions, streams = 4, name, from = 0 } = options
  const audience = sessions ?? Math.max(1, Math.round((events_per_s * BEAT_MS) / 1_000))
  const free: Socket[][] = urls.map(() => [])
  const waiting: Beat[][] = urls.map(() => [])
  let connections = 0
  let counts = { sent: 0, answered: 0, refused: 0, failed: 0 }
  let answered_ms: number[] = []
  let refused_ms: number[] = []

  const beat = (session: string, index: number, seq: number) => ({
    ...{ kind: 'heartbeat', session, viewer: `viewer-${index}`, seq, time_ms: Date.now() },
    ...{ stream: `main-${index % streams}`, cdn: index % 2 ? 'cdn-a' : 'cdn-b' },
    ...{ interval_ms: BEAT_MS, reason: 'interval', state: 'playing', played_ms: 9_500 },
    ...{ stalled_ms: index % 10 === 0 ? 500 : 0, stall_count: 1, playback_rate: 1 },
    ...{ bitrate_kbps: 2_500.5, bandwidth_kbps: 8_200 + (index % 900), fps_rendered: 25, fps_decoded: 25 },
    ...{ frames_rendered: 237, frames_dropped: 2, buffer_ms: 3_200, live_latency_ms: 4_100 + (index % 700) },
    ...{ width: 1280, height: 720, requests: 5, bytes: 3_125_000 },
  })

  function request(show: string, index: number, events: readonly object[]): string {
    const body = JSON.stringify({
      sent_ms: Date.now(),
      context: {
        ...{
          app: 'shop',
          show,
          network: 'wifi',
          device: 'phone',
          os: 'android',
          container: 'app',
          player: 'hls.js',
        },
        ...{ player_version: '1.7.4', protocol: 'hls', codec: 'h264', rendition: '720p', delivery: 'cdn' },
      },
      events,
    })
    const address = `11.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
    return `POST /v1/beacons?key=${key} HTTP/1.1\r\nhost: collector\r\nuser-agent: ${AGENT}\r\norigin: https://shop.example\r\nx-forwarded-for: ${address}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }

  function open(to: number): Socket {
    const { hostname, port } = new URL(urls[to]!)
    connections += 1
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      connections -= 1
      if (current.delete(socket)) counts.failed += 1
      const at = free[to]!.indexOf(socket)
      if (at >= 0) free[to]!.splice(at, 1)
    })
    // An answer is small: its first bytes are all of it.
    socket.on('data', (chunk) => {
      const beat = current.get(socket)
      if (beat === undefined) return
      current.delete(socket)
      const took_ms = performance.now() - beat.due_ms
      const status = chunk.toString('latin1', 9, 12)
      if (status === '204') {
        counts.answered += beat.events
        answered_ms.push(took_ms)
        beat.done?.()
      } else if (status === '429' || status === '503') {
        counts.refused += beat.events
        refused_ms.push(took_ms)
      } else counts.failed += beat.events
      const next = waiting[to]!.shift()
      if (next === undefined) free[to]!.push(socket)
      else write(socket, next)
    })
    return socket
  }
  const current = new Map<Socket, Beat>()
  function write(socket: Socket, beat: Beat): void {
    current.set(socket, beat)
    socket.write(beat.bytes)
  }
  function send(to: number, beat: Beat): void {
    counts.sent += beat.events
    const socket = free[to]!.pop() ?? (connections < MOST_CONNECTIONS ? open(to) : undefined)
    if (socket === undefined) waiting[to]!.push(beat)
    else write(socket, beat)
  }

  let next = from
  let owed = 0
  let last_ms = performance.now()
  setInterval(() => {
    const now_ms = performance.now()
    owed += ((now_ms - last_ms) * events_per_s) / 1_000
    last_ms = now_ms
    for (; owed >= batch; owed -= batch) {
      const index = next % audience
      const events: object[] = []
      for (; events.length < batch; next += 1) {
        const of = next % audience
        events.push(beat(`${name}-${of}`, of, Math.floor(next / audience) + 1))
      }
      send(index % urls.length, { due_ms: now_ms, bytes: request('gala', index, events), events: batch })
    }
  }, STEP_MS)

  process.on('disconnect', () => process.exit())
  process.on('message', (command: PlayersCommand) => {
    if (command.type === 'marker') {
      const done = (): void => void process.send!({ type: 'marker', at_ms: Date.now() })
      const bytes = request('fresh', 0, [beat(command.session, 0, 1)])
      send(0, { due_ms: performance.now(), bytes, events: 1, done })
      return
    }
    const count: PlayersCount = {
      type: 'count',
      ...counts,
      p50_ms: quantile(answered_ms, 0.5),
      p99_ms: quantile(answered_ms, 0.99),
      refused_p99_ms: quantile(refused_ms, 0.99),
    }
    counts = { sent: 0, answered: 0, refused: 0, failed: 0 }
    answered_ms = []
    refused_ms = []
    process.send!(count)
  })
}

if (process.send !== undefined && process.argv[2]?.startsWith('{')) run(JSON.parse(process.argv[2]))
