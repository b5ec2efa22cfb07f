import type { LookupAddress } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/** Networks that are not the public internet: RFC 6890 and its registries, and the IPv6 ones that embed an IPv4 address. */
const PRIVATE_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
const PRIVATE_6 = [
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

const list = (...networks: readonly string[]): BlockList => {
  const blocks = new BlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/')
    const family = isIP(address!)
    if (family === 0) throw new Error(`${network} is no address`)
    blocks.addSubnet(address!, Number(prefix ?? (family === 4 ? 32 : 128)), family === 4 ? 'ipv4' : 'ipv6')
  }
  return blocks
}
const NOT_PUBLIC = list(...PRIVATE_4, ...PRIVATE_6)

export interface AddressGuard {
  /** Whether a connection to this address may be made for this host name. */
  permits(address: string, host: string): boolean
}

/**
 * Decides which addresses a webhook may reach: the public internet, and what the operator allowed by network or host name.
 * Asked at the moment of connecting, so that a name which changes its address in between gains nothing.
 */
export function createAddressGuard(allow: readonly string[] = []): AddressGuard {
  const hosts = new Set(
    allow.filter((entry) => isIP(entry.split('/')[0]!) === 0).map((host) => host.toLowerCase()),
  )
  const networks = list(...allow.filter((entry) => isIP(entry.split('/')[0]!) !== 0))
  return {
    permits(address, host) {
      if (hosts.has(host.toLowerCase())) return true
      const plain = unmapped(address)
      const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6'
      if (isIP(plain) === 0) return false
      return networks.check(plain, family) || !NOT_PUBLIC.check(plain, family)
    },
  }
}

/** ::ffff:127.0.0.1 is 127.0.0.1, however it is written. */
function unmapped(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (dotted) return dotted[1]!
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address)
  if (!hex) return address
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)]
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** The first of the addresses found that may be reached. */
export const permitted = (
  addresses: readonly LookupAddress[],
  host: string,
  guard: AddressGuard,
): LookupAddress | undefined => addresses.find(({ address }) => guard.permits(address, host))
