import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SlowProxy {
  readonly url: string
  /** Answers take so many times as long: 1 as they come, 10 at a tenth of the speed. */
  slow(factor: number): void
  close(): Promise<void>
}

/** Stands before a store, and makes it as slow as is asked: each answer is held back for a multiple of what it took. */
export async function startSlowProxy(target: string): Promise<SlowProxy> {
  const { hostname, port } = new URL(target)
  let factor = 1
  const server = createServer((incoming, outgoing) => {
    const began = performance.now()
    const onward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        const held_ms = (performance.now() - began) * (factor - 1)
        setTimeout(() => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
          answer.on('error', () => outgoing.destroy())
        }, held_ms)
      },
    )
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    slow(times) {
      factor = times
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
