import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'

/** How the line between a player and the server is. What is left out stays as it was. */
export interface Line {
  /** Bandwidth shared by all answers, kbps; Infinity is unlimited. */
  readonly kbps?: number
  /** Delay before each answer begins, ms. */
  readonly delay_ms?: number
  /** 'hang': nothing comes through until it is over. 'reset': connections are cut at once. false: no outage. */
  readonly outage?: false | 'hang' | 'reset'
}

/** What happens to requests whose path and query match. The first matching fault counts. */
export interface Fault {
  readonly path: RegExp
  /** Answer with this status and no body. */
  readonly status?: number
  /** Answer with this body instead of the server's. */
  readonly body?: (body: Buffer, headers: OutgoingHttpHeaders) => Buffer
  /** More delay before the answer begins, ms. */
  readonly delay_ms?: number
  /** End the connection after this many bytes of the body. */
  readonly truncate_bytes?: number
  /** Stop after this many matches; default: never. */
  readonly times?: number
}

export interface ShapedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** `performance.now()` when it came, and when its answer was through. */
  readonly began_ms: number
  ended_ms?: number
  status?: number
  bytes: number
}

export interface Shaper {
  readonly port: number
  /** The proxy's origin: put a path of the target behind it. */
  readonly url: string
  readonly set: (line: Line) => void
  /** Adds a fault and returns a function that takes it away. */
  readonly fault: (fault: Fault) => () => void
  /** Every request that came, oldest first. */
  readonly requests: readonly ShapedRequest[]
  readonly stop: () => Promise<void>
}

/** Small enough that a slow line is smooth: 1 400 bytes take 56 ms at 200 kbps. */
const PIECE_BYTES = 1_400

/** An HTTP proxy in front of `target` (an origin) with a line that a test can make worse. Headers pass through. */
export async function startShaper(options: {
  readonly target: string
  readonly line?: Line
}): Promise<Shaper> {
  const target = new URL(options.target)
  let line: Required<Line> = { kbps: Number.POSITIVE_INFINITY, delay_ms: 0, outage: false, ...options.line }
  let waiting: (() => void)[] = []
  let lineFree_ms = 0
  const faults: { fault: Fault; left: number }[] = []
  const requests: ShapedRequest[] = []

  const outageOver = async (response: ServerResponse): Promise<boolean> => {
    while (line.outage === 'hang' && !response.destroyed) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        response.once('close', resolve)
      })
    }
    if (line.outage === 'reset') response.destroy()
    return !response.destroyed
  }
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  /** One queue for all answers: a piece leaves when the line has carried what was before it. */
  async function carry(piece: Buffer, response: ServerResponse): Promise<boolean> {
    if (!(await outageOver(response))) return false
    if (Number.isFinite(line.kbps)) {
      const now = performance.now()
      lineFree_ms = Math.max(lineFree_ms, now) + (piece.length * 8) / line.kbps
      await sleep(lineFree_ms - now)
      if (!(await outageOver(response))) return false
    }
    if (!response.write(piece)) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve)
        response.once('close', resolve)
      })
    }
    return !response.destroyed
  }

  function takeFault(path: string): Fault | undefined {
    const found = faults.find((entry) => entry.left > 0 && entry.fault.path.test(path))
    if (found !== undefined) found.left--
    return found?.fault
  }

  async function answer(
    upstream: IncomingMessage,
    response: ServerResponse,
    entry: ShapedRequest,
    fault?: Fault,
  ) {
    const status = upstream.statusCode ?? 502
    const headers: OutgoingHttpHeaders = { ...upstream.headers }
    delete headers['transfer-encoding']
    delete headers.connection
    let whole: Buffer | undefined
    if (fault?.body !== undefined) {
      whole = fault.body(Buffer.concat(await upstream.toArray()), headers)
      headers['content-length'] = whole.length
    }
    entry.status = status
    response.writeHead(status, headers)
    response.flushHeaders()
    for await (const chunk of whole === undefined ? upstream : [whole]) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece: Buffer = chunk.subarray(at, at + PIECE_BYTES)
        if (!(await carry(piece, response))) return upstream.destroy()
        entry.bytes += piece.length
        if (fault?.truncate_bytes !== undefined && entry.bytes >= fault.truncate_bytes) {
          response.destroy()
          return upstream.destroy()
        }
      }
    }
    response.end()
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    const entry: ShapedRequest = {
      method: request.method ?? 'GET',
      url: path,
      headers: request.headers,
      began_ms: performance.now(),
      bytes: 0,
    }
    requests.push(entry)
    response.once('close', () => {
      entry.ended_ms = performance.now()
    })
    const fault = takeFault(path)
    const delay_ms = line.delay_ms + (fault?.delay_ms ?? 0)
    if (delay_ms > 0) await sleep(delay_ms)
    if (!(await outageOver(response))) return
    if (fault?.status !== undefined) {
      entry.status = fault.status
      response.writeHead(fault.status, { 'access-control-allow-origin': '*' }).end()
      return
    }
    const { host: _, ...headers } = request.headers
    const upstream = httpRequest(
      { host: target.hostname, port: target.port, path, method: request.method, headers },
      (incoming) => {
        answer(incoming, response, entry, fault).catch(() => response.destroy())
      },
    )
    upstream.once('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'access-control-allow-origin': '*' }).end()
    })
    response.once('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    set: (next) => {
      line = { ...line, ...next }
      lineFree_ms = 0
      for (const resume of waiting) resume()
      waiting = []
      if (line.outage === 'reset') server.closeAllConnections()
    },
    fault: (fault) => {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      faults.push(entry)
      return () => {
        faults.splice(faults.indexOf(entry), 1)
      }
    },
    requests,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
