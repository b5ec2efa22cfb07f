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

/** Sends a flood's bytes as fast as answers come; resolves with the bytes sent. */
export async function sendFlood(options: FloodOptions): Promise<number> {
  const { port, flood, bytes, for_ms } = options
  if (flood.kind === 'open' || flood.kind === 'trickle') return trickle(options)
  let sent = 0
  let n = 0
  const until = performance.now() + for_ms
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      while (sent < bytes && performance.now() < until) {
        await new Promise<void>((resolve) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true })
          const next = (): void => {
            if (sent >= bytes || performance.now() >= until) socket.end(resolve)
            else {
              const request = flood.request(n++)
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
  const sockets: Socket[] = []
  let sent = 0
  const most = 4_000
  const until = performance.now() + for_ms
  const open = (): void => {
    const socket = connect({ port, host: '127.0.0.1' })
    const request = flood.request(0)
    let at = 0
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.splice(sockets.indexOf(socket), 1)
    })
    sockets.push(socket)
    const step = (): void => {
      if (socket.destroyed || at >= request.length) return
      const piece = request.subarray(at, at + 1_000)
      at += piece.length
      sent += piece.length
      socket.write(piece)
    }
    socket.on('connect', step)
    if (flood.kind === 'trickle') socket.on('drain', () => undefined)
    steps.push(step)
  }
  const steps: (() => void)[] = []
  while (performance.now() < until && sent < bytes) {
    for (let each = 0; each < 200 && sockets.length < most; each += 1) open()
    if (flood.kind === 'trickle') for (const step of steps.splice(0, 2_000)) step()
    await pause(100)
  }
  for (const socket of [...sockets]) socket.destroy()
  return sent
}

interface Phase {
  sent: number
  answered: number
  latencies: number[]
}
const newPhase = (): Phase => ({ sent: 0, answered: 0, latencies: [] })

export interface HonestResult {
  readonly sent: number
  readonly answered: number
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
        if (request === undefined || status[1] !== '204') continue
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
      const session = `${run}-${sent % 500}`
      const event = { kind: 'heartbeat', seq: Math.floor(sent / 500) + 1, interval_ms: 1000, played_ms: 1000 }
      const body = JSON.stringify({
        key,
        context: { show: 'honest', stream: 'main', session, cdn: 'a' },
        events: [event],
      })
      entry.waiting.push({ began: now, phase })
      phase.sent += 1
      entry.socket.write(
        `POST /v1/beacons HTTP/1.1\r\nhost: x\r\nuser-agent: Mozilla/5.0 (iPhone)\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
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
      const { sent, answered } = phase
      const result = { sent, answered, p50_ms: at(0.5), p99_ms: at(0.99) }
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
