import { recent } from '../recent.ts'

const DOT = '.'.charCodeAt(0) - 48

/** An IPv4 address as it is usually written, as a number, or undefined. */
export function ipv4Number(address: string): number | undefined {
  let number = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let at = 0; at < address.length; at += 1) {
    const digit = address.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) {
      // As everywhere, `010` is no octet: some read it as eight.
      if (digits > 0 && octet === 0) return undefined
      octet = octet * 10 + digit
      digits += 1
      if (octet > 255) return undefined
    } else if (digit === DOT && digits > 0 && dots < 3) {
      number = number * 256 + octet
      octet = digits = 0
      dots += 1
    } else return undefined
  }
  return dots === 3 && digits > 0 ? number * 256 + octet : undefined
}

/** The first 48 bits of an IPv6 address as a number: a site's prefix, and exact in a double. */
export function ipv6Prefix(address: string): number | undefined {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right]
  if (groups.length < 3) return undefined
  let number = 0
  for (const group of groups.slice(0, 3)) {
    const value = Number.parseInt(group, 16)
    if (!(value >= 0 && value <= 0xffff)) return undefined
    number = number * 65_536 + value
  }
  return number
}

/** What `make` makes of an address, remembered of the last ones: IPv4 addresses by their number, which costs a fraction of a text. */
export function recentAddresses<Value>(most: number, make: (address: string) => Value) {
  const four = recent(most, (bits: number) =>
    make(`${bits >>> 24}.${(bits >> 16) & 255}.${(bits >> 8) & 255}.${bits & 255}`),
  )
  const other = recent(most, make)
  return {
    of(address: string): Value {
      const number = ipv4Number(address)
      return number === undefined ? other.of(address) : four.of(number | 0)
    },
    forget(): void {
      four.forget()
      other.forget()
    },
  }
}
