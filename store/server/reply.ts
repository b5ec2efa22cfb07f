import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type EngineError, httpStatus } from './errors.ts'
import { contentType } from './formats.ts'

/** A client that takes nothing for so long is given up. */
const STALL_MS = 60_000

/** What the Summary header tells (strings, as ClickHouse writes them). */
export type Summary = Readonly<Record<string, string>>

/** Sends answers with ClickHouse's headers. */
export function createReply(options: {
  readonly response: ServerResponse
  readonly queryId: string
  readonly version: string
  readonly timezone: string
  readonly displayName: string
  readonly compressed: boolean
}) {
  const { response } = options
  const tag = randomBytes(8).toString('hex')
  response.setHeader('X-ClickHouse-Server-Display-Name', options.displayName)
  response.setHeader('X-ClickHouse-Query-Id', options.queryId.replace(/[^\x20-\x7e]/g, '?'))
  response.setHeader('X-ClickHouse-Timezone', options.timezone)

  const head = (format: string, summary: Summary | undefined) => {
    response.statusCode = 200
    response.setHeader('Content-Type', contentType(format))
    response.setHeader('X-ClickHouse-Format', format)
    if (summary) response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary))
    if (options.compressed) response.setHeader('Content-Encoding', 'gzip')
  }

  return {
    /** A result that is complete. */
    async whole(bytes: Uint8Array, format: string, summary: Summary): Promise<void> {
      head(format, summary)
      if (!options.compressed) {
        response.setHeader('Content-Length', bytes.byteLength)
        response.end(bytes)
        return
      }
      const zip = createGzip()
      zip.end(bytes)
      await toResponse(zip, response)
    },

    /** A result as it comes; the status is decided by its first chunk. */
    async chunks(source: AsyncGenerator<Uint8Array, void>, format: string): Promise<void> {
      const first = await source.next()
      head(format, undefined)
      response.setHeader('X-ClickHouse-Exception-Tag', tag)
      const body = async function* () {
        try {
          if (!first.done) yield first.value
          yield* source
        } catch (error) {
          yield Buffer.from(lateError(error as EngineError, tag, options.version))
          // the chunked body is cut off as well: a client that knows nothing of the tag sees an error all the same
          late = true
        }
      }
      let late = false
      const bytes = Readable.from(body(), { objectMode: false })
      if (options.compressed) {
        const zip = createGzip()
        pipeline(bytes, zip, () => undefined)
        await toResponse(zip, response, () => late)
      } else await toResponse(bytes, response, () => late)
    },

    error(error: EngineError): void {
      if (response.headersSent) {
        response.destroy()
        return
      }
      response.statusCode = httpStatus(error.code)
      for (const name of ['Content-Encoding', 'X-ClickHouse-Format', 'X-ClickHouse-Summary']) {
        response.removeHeader(name)
      }
      response.setHeader('X-ClickHouse-Exception-Code', error.code)
      response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
      if (response.statusCode === 503) response.setHeader('Retry-After', '1')
      if (response.statusCode === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse"')
      response.end(error.text(options.version))
    },
  }
}

/** ClickHouse's way of telling an error after the head was sent. */
function lateError(error: EngineError, tag: string, version: string): string {
  const text = typeof error.text === 'function' ? error.text(version) : `${String(error)}\n`
  return `\r\n__exception__\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`
}

async function toResponse(source: Readable, response: ServerResponse, cut = () => false): Promise<void> {
  for await (const chunk of source) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  if (cut()) {
    await new Promise((resolve) => setImmediate(resolve))
    response.socket?.destroySoon()
  } else response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    // who does not read on keeps others from their turn
    const stalled = setTimeout(() => response.destroy(), STALL_MS)
    const done = () => {
      clearTimeout(stalled)
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    if (response.destroyed) done()
  })
}
