import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { FastifyError, FastifyRequest } from 'fastify'
import type { Reason } from '../../schemas/reasons.ts'

/** A request that is refused before its endpoint sees it: Fastify hands it to the error handler. */
export class RefusedBody extends Error implements FastifyError {
  readonly code: Reason
  readonly statusCode = 400
  constructor(code: Reason, detail: string) {
    super(detail)
    this.name = 'RefusedBody'
    this.code = code
  }
}

type Unpack = (
  body: Buffer,
  bound: { maxOutputLength: number },
  done: (error: Error | null, plain: Buffer) => void,
) => void

const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
}

/**
 * A content-type parser of Fastify's: the body as bytes, inflated within `limit` bytes.
 * @param contentTypes those taken besides none at all; undefined: any
 */
export const readBody = (limit: number, contentTypes: readonly string[] | undefined) =>
  function bodyParser(
    request: FastifyRequest,
    body: Buffer,
    done: (error: Error | null, body?: Buffer) => void,
  ): void {
    const { 'content-type': type, 'content-encoding': encoding } = request.headers
    if (!isTaken(contentTypes, type)) {
      done(new RefusedBody('bad_encoding', String(type).slice(0, 60)))
      return
    }
    const name = encoding?.trim().toLowerCase() ?? ''
    if (name === '' || name === 'identity') {
      done(null, body)
      return
    }
    const unpack = Object.hasOwn(UNPACK, name) ? UNPACK[name] : undefined
    if (unpack === undefined) {
      done(new RefusedBody('bad_encoding', `content-encoding ${name.slice(0, 40)}`))
      return
    }
    unpack(body, { maxOutputLength: limit }, (error, plain) => {
      if (error === null) done(null, plain)
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        done(new RefusedBody('too_large', `more than ${limit} bytes after decompression`))
      else done(new RefusedBody('bad_encoding', `the body is not ${name}`))
    })
  }

/** Whether the content type, without its parameters, is one of those taken; none at all is. */
function isTaken(contentTypes: readonly string[] | undefined, header: string | undefined): boolean {
  if (contentTypes === undefined || header === undefined || header === '') return true
  if (contentTypes.includes(header)) return true
  const end = header.indexOf(';')
  return contentTypes.includes((end < 0 ? header : header.slice(0, end)).trim().toLowerCase())
}
