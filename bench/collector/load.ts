import { connect } from 'node:net'

export interface LoadOptions {
  readonly port: number
  readonly path: string
  readonly bodies: readonly string[]
  readonly connections: number
  readonly requests: number
}

const AGENT =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36'

/**
 * Sends so many requests over kept connections, one at a time each. What is refused because the collector is overloaded
 * (503) is sent again. Rejects at the first other answer that is not 204.
 */
export function load({ port, path, bodies, connections, requests }: LoadOptions): Promise<void> {
  const messages = bodies.map((body) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nuser-agent: ${AGENT}\r\norigin: https://shop.example\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  )
  return new Promise((resolve, reject) => {
    let sent = 0
    let answered = 0
    const sockets = Array.from({ length: connections }, () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const next = (): void => {
        if (sent < requests) socket.write(messages[sent++ % messages.length]!)
      }
      socket.on('connect', next)
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        const status = chunk.toString('latin1', 9, 12)
        if (status === '503') {
          sent -= 1
          setTimeout(next, 50)
          return
        }
        if (status !== '204') reject(new Error(chunk.toString('latin1', 0, 400)))
        answered += 1
        if (answered === requests) {
          for (const each of sockets) each.destroy()
          resolve()
        } else next()
      })
      return socket
    })
  })
}
