import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import { PROXY_HEADERS, type ProxyHeaders } from '../options.ts'
import { recentAddresses } from './addressNumber.ts'

/** What the connection, or a proxy we trust, says about where a request comes from. */
export interface Origin {
  readonly address: string
  readonly country: string
  readonly region: string
  readonly isp: string
}

/** An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is the IPv4 address; ports, brackets and zones go. */
export function plainAddress(address: string): string {
  let text = address.trim().slice(0, LONGEST_ADDRESS)
  if (text.startsWith('[')) text = text.slice(1, text.indexOf(']'))
  else if (text.includes('.') && text.includes(':') && !text.includes('::')) text = text.split(':')[0]!
  const zone = text.indexOf('%')
  if (zone >= 0) text = text.slice(0, zone)
  return text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text
}

function trustOf(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false
  try {
    const trusts = proxyAddr.compile([...ranges])
    return recentAddresses(KEPT, (address) => isIP(address) !== 0 && trusts(address, 0)).of
  } catch (error) {
    throw new Error('a trusted proxy is an address or a CIDR range', { cause: error })
  }
}

const LONGEST = 128
const KEPT = 50_000
/** An IPv6 address in brackets with a port; what is longer is no address. */
const LONGEST_ADDRESS = 64

/** A step: reads the viewer’s address and place from proxy headers. Only headers of the trusted proxies are believed. */
export function readOrigin(options: {
  readonly trusted: readonly string[]
  readonly headers?: Partial<ProxyHeaders>
}): (remoteAddress: string, headers: IncomingHttpHeaders) => Origin {
  const names = { ...PROXY_HEADERS, ...options.headers }
  const trusts = trustOf(options.trusted)
  const header = (headers: IncomingHttpHeaders, candidates: readonly string[]): string => {
    for (const name of candidates) {
      const value = headers[name]
      if (typeof value === 'string' && value !== '') return value.slice(0, LONGEST)
    }
    return ''
  }
  return function origin(remoteAddress, headers) {
    const peer = plainAddress(remoteAddress)
    if (options.trusted.length === 0 || !trusts(peer))
      return { address: peer, country: '', region: '', isp: '' }
    return {
      address: forwarded(names.address, headers) ?? peer,
      country: header(headers, names.country).slice(0, 8),
      region: header(headers, names.region),
      isp: header(headers, names.isp),
    }
  }

  /** From the right, the first address that is not a trusted proxy's: whatever stands left of it anybody can write. */
  function forwarded(candidates: readonly string[], headers: IncomingHttpHeaders): string | undefined {
    for (const name of candidates) {
      const value = headers[name]
      if (typeof value !== 'string') continue
      const chain = value.split(',').map(plainAddress)
      const viewer = chain.findLast((address) => isIP(address) !== 0 && !trusts(address))
      if (viewer !== undefined) return viewer
    }
    return undefined
  }
}
