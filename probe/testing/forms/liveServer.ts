import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a form answers. */
export interface Reply {
  readonly body: Buffer | string
  readonly type?: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** One request to a form. */
export interface Ask {
  /** Without the form's own folder. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Since this form was first asked, ms. */
  readonly since_ms: number
  /** The server's own origin, `http://127.0.0.1:PORT`. */
  readonly origin: string
}

export type Handler = (ask: Ask) => Reply | undefined

export interface LiveServer {
  readonly url: (form: string, entry: string) => string
  readonly stop: () => Promise<void>
}

/** Serves forms, each in a folder of its own, whose time begins with its first request. Understands byte ranges. */
export async function startLiveServer(
  forms: ReadonlyMap<string, Handler>,
  clock: () => number,
): Promise<LiveServer> {
  const begun = new Map<string, number>()
  let origin = ''
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const [, form = '', ...rest] = url.pathname.split('/')
    const handler = forms.get(decodeURIComponent(form))
    if (handler === undefined) return void response.writeHead(404).end()
    const start_ms = begun.get(form) ?? clock()
    begun.set(form, start_ms)
    const ask = {
      path: rest.join('/'),
      query: url.searchParams,
      headers: request.headers,
      since_ms: clock() - start_ms,
      origin,
    }
    reply(handler(ask), request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: (form, entry) => `${origin}/${encodeURIComponent(form)}/${entry}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function reply(answer: Reply | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (answer === undefined) return void response.writeHead(404).end()
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body)
  const headers = { 'content-type': answer.type ?? 'application/octet-stream', ...answer.headers }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const part = range === null ? body : body.subarray(Number(range[1]), Number(range[2]) + 1)
  const status = answer.status ?? (range === null ? 200 : 206)
  response.writeHead(status, { ...headers, 'content-length': String(part.length) }).end(part)
}
