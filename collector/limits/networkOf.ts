import { ipv4Number, ipv6Prefix } from '../enrich/addressNumber.ts'
import { ownText } from '../ownText.ts'

/** The network that an address belongs to, as budgets count it. */
export interface Network {
  /** IPv4 /24, IPv6 /48; '' when it is no address. */
  readonly prefix: string
  /** Loopback, private and unique local: a proxy or a neighbour, not a network of viewers. */
  readonly isPrivate: boolean
}

const NOWHERE: Network = { prefix: '', isPrivate: true }
const KEPT = 20_000
const known = new Map<string, Network>()

export function networkOf(address: string): Network {
  let network = known.get(address)
  if (network === undefined) {
    network = read(address)
    if (known.size >= KEPT) known.clear()
    known.set(ownText(address), network)
  }
  return network
}

function read(address: string): Network {
  const v4 = ipv4Number(address)
  if (v4 !== undefined) {
    const [first, second] = [Math.floor(v4 / 2 ** 24), Math.floor(v4 / 65_536) % 256]
    const isPrivate =
      first === 127 ||
      first === 10 ||
      (first === 172 && second >= 16 && second < 32) ||
      (first === 192 && second === 168) ||
      (first === 169 && second === 254)
    return { prefix: `4:${Math.floor(v4 / 256)}`, isPrivate }
  }
  const v6 = ipv6Prefix(address)
  if (v6 === undefined) return NOWHERE
  // ::/48 holds loopback, fc00::/7 unique local and fe80::/10 link-local addresses.
  const first = Math.floor(v6 / 2 ** 32)
  return {
    prefix: `6:${v6}`,
    isPrivate: v6 === 0 || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80,
  }
}
