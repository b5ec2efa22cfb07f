import ipaddr from 'ipaddr.js'

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** IPv4-compatible addresses embed an IPv4 address that nobody routes; NAT64 of local use leads into the operator's network. */
const ALSO_PRIVATE = networksOf(['::/96', '64:ff9b:1::/48'])

/** Networks written as `10.0.0.0/8` or as one address. Throws on what is no network. */
export function networksOf(names: readonly string[]): readonly Network[] {
  return names.map((name) => {
    if (name.includes('/')) return ipaddr.parseCIDR(name)
    const address = ipaddr.parse(name)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  })
}

/** Whether an address is in one of the networks; an IPv4 address written as IPv6 is that IPv4 address. */
export function isWithin(address: string, networks: readonly Network[]): boolean {
  const parsed = ipaddr.process(address)
  return networks.some((network) => network[0].kind() === parsed.kind() && parsed.match(network as never))
}

/** Whether an address is in a network that is not the public internet: loopback, private, link-local, … */
export function isPrivateAddress(address: string): boolean {
  const parsed = ipaddr.process(address)
  if (isWithin(address, ALSO_PRIVATE)) return true
  // NAT64: the last four bytes are the IPv4 address behind it.
  if (parsed.range() === 'rfc6052') return isPrivateAddress(parsed.toByteArray().slice(12).join('.'))
  return parsed.range() !== 'unicast'
}
