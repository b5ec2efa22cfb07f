import type { IncomingMessage } from 'node:http'
import { gunzip } from 'node:zlib'
import type { Refusal } from '../../schemas/reasons.ts'

/** A body too large is read to its end and thrown away, so that the client gets its answer; but no more than this. */
const DRAINED_BYTES = 32 << 20

const EMPTY = Buffer.alloc(0)

/**
 * Reads a request's body within `limit` bytes, before and after decompression, and calls back once.
 * `gone` means that the client went away and nobody waits for an answer.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  done: (body: Buffer | Refusal | 'gone') => void,
): void {
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  let bytes = 0
  let settled = false
  const settle = (outcome: Buffer | Refusal | 'gone'): void => {
    if (settled) return
    settled = true
    done(outcome)
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limit) {
      first = rest = undefined
      if (bytes > DRAINED_BYTES) {
        settle({ code: 'too_large', detail: `more than ${limit} bytes` })
        request.destroy()
      }
    } else if (first === undefined) first = chunk
    else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  })
  request.on('end', () => {
    if (bytes > limit) settle({ code: 'too_large', detail: `${bytes} bytes; ${limit} are taken` })
    else decompress(request, rest === undefined ? (first ?? EMPTY) : Buffer.concat(rest), limit, settle)
  })
  request.on('error', () => settle('gone'))
  request.on('close', () => {
    if (!request.complete) settle('gone')
  })
}

function decompress(
  request: IncomingMessage,
  body: Buffer,
  limit: number,
  done: (body: Buffer | Refusal) => void,
): void {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity' || encoding === '') done(body)
  else if (encoding !== 'gzip' && encoding !== 'x-gzip')
    done({ code: 'bad_encoding', detail: `content-encoding ${encoding.slice(0, 40)}` })
  else
    gunzip(body, { maxOutputLength: limit }, (error, plain) => {
      if (error === null) done(plain)
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        done({ code: 'too_large', detail: `more than ${limit} bytes after decompression` })
      else done({ code: 'bad_encoding', detail: 'the body is not gzip' })
    })
}
