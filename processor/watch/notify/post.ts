import { lookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { AddressGuard } from './addressGuard.ts'
import type { Outgoing } from './message.ts'

export interface Answer {
  readonly status: number
  readonly body: string
  /** Seconds or a date, as the receiver wrote it. */
  readonly retryAfter: string | undefined
}

/** Could not be sent. `retriable`: trying again may help. */
export class PostError extends Error {
  readonly retriable: boolean
  constructor(message: string, { retriable, cause }: { retriable: boolean; cause?: unknown }) {
    super(message, { cause })
    this.name = 'PostError'
    this.retriable = retriable
  }
}

const TIMEOUT_MS = 10_000
const LONGEST_ANSWER = 64 * 1024

/**
 * Sends one request. The address is checked when the connection is made, redirects are not followed (a 3xx is an answer
 * like any other), and neither a slow nor a long answer holds anything up.
 */
export function post({ url, body, headers }: Outgoing, guard: AddressGuard): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let target: URL
    try {
      target = new URL(url)
    } catch {
      return reject(new PostError('the URL is not valid', { retriable: false }))
    }
    const { protocol, hostname } = target
    if (protocol !== 'http:' && protocol !== 'https:')
      return reject(new PostError(`${protocol} is neither http nor https`, { retriable: false }))
    const host = hostname.replace(/^\[|\]$/g, '')
    // An address in the URL is connected to without any look-up.
    if (isIP(host) !== 0 && !guard.permits(host, host))
      return reject(new PostError(`${host} is not an address that may be reached`, { retriable: false }))
    const send = protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(target, {
      method: 'POST',
      agent: false,
      timeout: TIMEOUT_MS,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Firstframe',
        ...headers,
      },
      lookup: (name, options, callback) => {
        lookup(name, { ...options, all: true }, (error, addresses) => {
          if (error) return callback(error, '', 0)
          const found = addresses.find(({ address }) => guard.permits(address, name))
          if (found === undefined) {
            const refusal = new PostError(`${name} has no address that may be reached`, { retriable: false })
            return callback(refusal, '', 0)
          }
          if (options.all) (callback as (error: null, addresses: readonly unknown[]) => void)(null, [found])
          else callback(null, found.address, found.family)
        })
      },
    })
    const deadline = setTimeout(() => request.destroy(new Error('no answer in time')), TIMEOUT_MS)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (text.length < LONGEST_ANSWER) text += chunk
        else response.destroy()
      })
      response.on('close', () => {
        clearTimeout(deadline)
        resolve({ status: response.statusCode ?? 0, body: text, retryAfter: response.headers['retry-after'] })
      })
    })
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', (error) => {
      clearTimeout(deadline)
      reject(
        error instanceof PostError ? error : new PostError(error.message, { retriable: true, cause: error }),
      )
    })
    request.end(body)
  })
}
