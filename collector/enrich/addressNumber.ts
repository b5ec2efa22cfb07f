/** An IPv4 address as a number, or undefined. */
export function ipv4Number(address: string): number | undefined {
  const parts = address.split('.')
  if (parts.length !== 4) return undefined
  let number = 0
  for (const part of parts) {
    const octet = Number(part)
    if (!(octet >= 0 && octet <= 255) || part === '') return undefined
    number = number * 256 + octet
  }
  return number
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
