import { ipv4Number, ipv6Prefix } from '../enrich/addressNumber.ts'
import { recent } from '../recent.ts'

/** The network that an address belongs to, as budgets count it. */
export interface Network {
  /** IPv4 /24, IPv6 /48; '' when it is no address. */
  readonly prefix: string
  /** Loopback, private and unique local: a proxy or a neighbour, not a network of viewers. */
  readonly isPrivate: boolean
}

const NOWHERE: Network = { prefix: '', isPrivate: true }
const KEPT = 20_000

/** Many viewers share a network, so networks are remembered and not addresses. */
const ofIpv4 = recent(KEPT, (start: number): Network => {
  const [first, second] = [start >> 16, (start >> 8) & 255]
  const isPrivate =
    first === 127 ||
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254)
  return { prefix: `4:${start}`, isPrivate }
})

const ofIpv6 = recent(KEPT, (start: number): Network => {
  // ::/48 holds loopback, fc00::/7 unique local and fe80::/10 link-local addresses.
  const first = Math.floor(start / 2 ** 32)
  return {
    prefix: `6:${start}`,
    isPrivate: start === 0 || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80,
  }
})

/** The network that an address counts under: its /24 (IPv4) or /48 (IPv6). */
export function networkOf(address: string): Network {
  const v4 = ipv4Number(address)
  if (v4 !== undefined) return ofIpv4.of(Math.floor(v4 / 256))
  const v6 = ipv6Prefix(address)
  return v6 === undefined ? NOWHERE : ofIpv6.of(v6)
}
