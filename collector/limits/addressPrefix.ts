import { ipv4Number, ipv6Prefix } from '../enrich/addressNumber.ts'

/** The network that an address belongs to, as budgets count it: IPv4 /24, IPv6 /48. '' when it is no address. */
export function addressPrefix(address: string): string {
  const v4 = ipv4Number(address)
  if (v4 !== undefined) return `4:${Math.floor(v4 / 256)}`
  const v6 = ipv6Prefix(address)
  return v6 === undefined ? '' : `6:${v6}`
}
