import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export interface Uplink {
  readonly port: number
  /** How much the line carries from now on, kbps; Infinity: all. */
  set(kbps: number): void
  stop(): Promise<void>
}

const STEP_MS = 20
/** What may wait in the line before it takes no more. */
const QUEUE_BYTES = 16_384

/** A line to a TCP port of this machine that carries only so much towards it; what comes back passes. */
export async function startUplink(target: number): Promise<Uplink> {
  let kbps = Number.POSITIVE_INFINITY
  const sockets = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1')
    let waiting = Buffer.alloc(0)
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        clearInterval(timer)
        from.destroy()
        to.destroy()
      })
    }
    to.pipe(from)
    const carry = (bytes: number) => {
      const piece = waiting.subarray(0, bytes)
      waiting = waiting.subarray(piece.length)
      if (piece.length > 0) to.write(piece)
      if (waiting.length < QUEUE_BYTES && from.isPaused()) from.resume()
    }
    from.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk])
      if (kbps === Number.POSITIVE_INFINITY) carry(waiting.length)
      else if (waiting.length >= QUEUE_BYTES) from.pause()
    })
    const timer = setInterval(() => {
      if (waiting.length > 0)
        carry(kbps === Number.POSITIVE_INFINITY ? waiting.length : Math.round((kbps / 8) * STEP_MS))
    }, STEP_MS)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      kbps = next
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
