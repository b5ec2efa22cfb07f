import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Flood } from './floods.ts'

export interface FloodOptions {
  readonly port: number
  readonly flood: Flood
  /** Bytes on the wire, or for connections their number. */
  readonly bytes: number
  readonly connections: number
  readonly for_ms: number
}

/** Prepares a flood's requests, so that making them costs the product's machine nothing while they are sent. */
export function prepareFlood({ flood, bytes }: Pick<FloodOptions, 'flood' | 'bytes'>): readonly Buffer[] {
  if (flood.kind !== undefined) return []
  const requests: Buffer[] = []
  for (let made = 0; made < bytes; made += requests.at(-1)!.length)
    requests.push(flood.request(requests.length))
  return requests
}

/** Sends a flood's requests as fast as answers come; resolves with the bytes sent. */
export async function sendFlood(options: FloodOptions, requests: readonly Buffer[]): Promise<number> {
  const { port, flood, for_ms } = options
  if (flood.kind !== undefined) return trickle(options)
  let sent = 0
  let n = 0
  const until = performance.now() + for_ms
  const isOver = (): boolean => n >= requests.length || performance.now() >= until
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      while (!isOver()) {
        await new Promise<void>((resolve) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true })
          const next = (): void => {
            if (isOver()) socket.end(resolve)
            else {
              const request = requests[n++]!
              sent += request.length
              socket.write(request)
            }
          }
          socket.on('connect', next)
          // An answer is small: its first bytes are all of it.
          socket.on('data', next)
          socket.on('error', () => resolve())
          socket.on('close', () => resolve())
          socket.setTimeout(5_000, () => socket.destroy())
        })
      }
    }),
  )
  return sent
}

/** Many connections that send their request a piece at a time, or never end it. */
async function trickle({ port, flood, bytes, for_ms }: FloodOptions): Promise<number> {
  const open = new Map<Socket, () => void>()
  let sent = 0
  const until = performance.now() + for_ms
  function begin(n: number): void {
    const socket = connect({ port, host: '127.0.0.1' })
    const request = flood.request(n)
    let at = 0
    const step = (): void => {
      if (socket.connecting || socket.destroyed || at >= request.length) return
      const piece = request.subarray(at, at + PIECE_BYTES)
      at += piece.length
      sent += piece.length
      socket.write(piece)
    }
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    socket.on('connect', step)
    open.set(socket, flood.kind === 'trickle' ? step : () => {})
  }
  for (let n = 0; performance.now() < until && sent < bytes; ) {
    for (let each = 0; each < 200 && open.size < MOST_OPEN; each += 1) begin(n++)
    for (const step of open.values()) step()
    await pause(100)
  }
  for (const socket of open.keys()) socket.destroy()
  return sent
}

const PIECE_BYTES = 100
const MOST_OPEN = 4_000

/** Players report so often, s. */
const BEAT_S = 10

interface Phase {
  sent: number
  answered: number
  /** Answers other than 204, by status. */
  others: Record<string, number>
  latencies: number[]
}
const newPhase = (): Phase => ({ sent: 0, answered: 0, others: {}, latencies: [] })

export interface HonestResult {
  readonly sent: number
  readonly answered: number
  readonly others: Readonly<Record<string, number>>
  readonly p50_ms: number
  readonly p99_ms: number
}

/** Honest events of another tenant, so many a second, one in a beacon, until `stop`. A refusal with Retry-After counts as not answered. */
export function sendHonest(options: { readonly port: number; readonly key: string; readonly per_s: number }) {
  const { port, key, per_s } = options
  const sockets: { socket: Socket; waiting: { began: number; phase: Phase }[] }[] = []
  let sent = 0
  // An answer counts for the phase in which its request was sent.
  let phase: Phase = newPhase()
  let stopped = false
  const run = Math.random().toString(36).slice(2)
  for (let each = 0; each < 32; each += 1) {
    const entry = {
      socket: connect({ port, host: '127.0.0.1', noDelay: true }),
      waiting: [] as { began: number; phase: Phase }[],
    }
    entry.socket.on('error', () => undefined)
    entry.socket.on('data', (chunk) => {
      for (const status of chunk.toString('latin1').matchAll(/HTTP\/1\.1 (\d+)/g)) {
        const request = entry.waiting.shift()
        if (request === undefined) continue
        const { others } = request.phase
        if (status[1] !== '204') {
          others[status[1]!] = (others[status[1]!] ?? 0) + 1
          continue
        }
        request.phase.answered += 1
        request.phase.latencies.push(performance.now() - request.began)
      }
    })
    sockets.push(entry)
  }
  let last = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const now = performance.now()
    due += ((now - last) / 1000) * per_s
    last = now
    for (; due >= 1; due -= 1) {
      const entry = sockets[sent % sockets.length]!
      const player = sent % (per_s * BEAT_S)
      const session = `${run}-${player}`
      const seq = Math.floor(sent / (per_s * BEAT_S)) + 1
      const event = { kind: 'heartbeat', seq, interval_ms: BEAT_S * 1000, played_ms: BEAT_S * 1000 }
      const body = JSON.stringify({
        key,
        context: { show: 'honest', stream: 'main', session, cdn: 'a' },
        events: [event],
      })
      entry.waiting.push({ began: now, phase })
      phase.sent += 1
      entry.socket.write(
        `POST /v1/beacons HTTP/1.1\r\nhost: x\r\nuser-agent: Mozilla/5.0 (iPhone)\r\nx-forwarded-for: 11.${player >> 8}.${player & 255}.1\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
      sent += 1
    }
  }, 5)
  const at = (share: number): number => {
    const sorted = [...phase.latencies].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  }
  return {
    /** What was measured since the last call. */
    take(): HonestResult {
      const { sent, answered, others } = phase
      const result = { sent, answered, others, p50_ms: at(0.5), p99_ms: at(0.99) }
      phase = newPhase()
      return result
    },
    async stop(): Promise<void> {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      await pause(1_500)
      for (const { socket } of sockets) socket.destroy()
    },
    pause(): Promise<void> {
      clearInterval(timer)
      return pause(1_500)
    },
  }
}
