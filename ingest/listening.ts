import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A small HTTP server of ours that takes requests. */
export interface Listening {
  readonly port: number
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Takes requests on `port` (0: a free one) of `host`, by default this machine only. Rejects when the port cannot be had. */
export async function listenOn(server: Server, options: { port: number; host?: string }): Promise<Listening> {
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://${host}:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
