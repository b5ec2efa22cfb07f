import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Role } from './context.ts'
import { ListenError } from './listenError.ts'

export interface HealthOptions {
  readonly host: string
  readonly port: number
  /** The roles that run in this process, as they come. */
  readonly roles: readonly Role[]
  /** Whether every role of the process has started. */
  readonly started: () => boolean
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export interface Health {
  readonly url: string
  close(): Promise<void>
}

/** Why the process takes no work: each role that is not ready, in words; empty when all are. */
export function notReady(roles: readonly Role[], started: boolean): Record<string, string> {
  const why: Record<string, string> = started ? {} : { process: 'it is starting' }
  for (const role of roles) {
    const reason = role.readiness()
    if (reason !== undefined) why[role.name] = reason
  }
  return why
}

/**
 * `/healthz` (the process answers), `/readyz` (every role in it takes work; 503 with the reasons) and `/metrics`, for any
 * role: a writer or a watcher has no other port.
 * @throws ListenError when the port is taken
 */
export async function serveHealth({ host, port, roles, started, metrics }: HealthOptions): Promise<Health> {
  const server = createServer((request, response) => {
    const answer = (status: number, contentType: string, body: string): void => {
      response.writeHead(status, { 'content-type': contentType })
      response.end(body)
    }
    const path = request.url?.split('?')[0]
    if (path === '/healthz') return answer(200, 'application/json', '{"status":"alive"}')
    if (path === '/readyz') {
      const reasons = notReady(roles, started())
      const ready = Object.keys(reasons).length === 0
      return answer(
        ready ? 200 : 503,
        'application/json',
        JSON.stringify(ready ? { status: 'ready' } : { status: 'not ready', reasons }),
      )
    }
    if (path === '/metrics')
      return void metrics().then(
        ({ contentType, text }) => answer(200, contentType, text),
        (error: unknown) => answer(500, 'text/plain', String(error)),
      )
    return answer(404, 'text/plain', 'Not found: /healthz, /readyz, /metrics.\n')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError('health_port', port, error)))
    server.listen(port, host, resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
