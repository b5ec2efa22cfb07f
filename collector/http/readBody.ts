import type { IncomingMessage } from 'node:http'
import { gunzip } from 'node:zlib'
import type { Refusal } from '../../schemas/reasons.ts'

/** A body too large is read to its end and thrown away, so that the client gets its answer; but no more than this. */
const DRAINED_BYTES = 32 << 20

const EMPTY = Buffer.alloc(0)

/** Whoever waits for a body. Told once; or never, when the client went away and nobody waits for an answer. */
export interface BodyReader {
  bodyRead(body: Buffer | Refusal): void
}

/** Reads a request's body within `limit` bytes, before and after decompression. */
export function readBody(request: IncomingMessage, limit: number, reader: BodyReader): void {
  const body = new Body(request, limit, reader)
  request.on('data', (chunk: Buffer) => body.add(chunk))
  request.on('end', () => body.end())
  // A client that goes away ends the request without 'end'; Node raises no 'error' where nobody listens for one.
}

class Body {
  private readonly request: IncomingMessage
  private readonly limit: number
  private readonly reader: BodyReader
  private first: Buffer | undefined
  private rest: Buffer[] | undefined
  private bytes = 0
  private told = false

  constructor(request: IncomingMessage, limit: number, reader: BodyReader) {
    this.request = request
    this.limit = limit
    this.reader = reader
  }
  add(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.bytes > this.limit) {
      this.first = this.rest = undefined
      if (this.bytes > DRAINED_BYTES) {
        this.tell(this.tooLarge())
        this.request.destroy()
      }
    } else if (this.first === undefined) this.first = chunk
    else if (this.rest === undefined) this.rest = [this.first, chunk]
    else this.rest.push(chunk)
  }
  end(): void {
    if (this.bytes > this.limit) this.tell(this.tooLarge())
    else this.decompress(this.rest === undefined ? (this.first ?? EMPTY) : Buffer.concat(this.rest))
  }
  private tooLarge(): Refusal {
    return { code: 'too_large', detail: `more than ${this.limit} bytes` }
  }
  private tell(outcome: Buffer | Refusal): void {
    if (this.told) return
    this.told = true
    // The request outlives its body by as long as the log takes.
    this.first = this.rest = undefined
    this.reader.bodyRead(outcome)
  }
  private decompress(body: Buffer): void {
    const encoding = this.request.headers['content-encoding']
    if (encoding === undefined || encoding === 'identity' || encoding === '') this.tell(body)
    else if (encoding !== 'gzip' && encoding !== 'x-gzip')
      this.tell({ code: 'bad_encoding', detail: `content-encoding ${encoding.slice(0, 40)}` })
    else
      gunzip(body, { maxOutputLength: this.limit }, (error, plain) => {
        if (error === null) this.tell(plain)
        else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
          this.tell({ code: 'too_large', detail: `more than ${this.limit} bytes after decompression` })
        else this.tell({ code: 'bad_encoding', detail: 'the body is not gzip' })
      })
  }
}
