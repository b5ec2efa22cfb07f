import { isIP } from 'node:net'

const nameOf = (host: string): string => {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '')
  return name.toLowerCase().replace(/\.$/, '')
}

/**
 * Whether a Host header names this server. A web page elsewhere can make its own domain name point here (DNS rebinding) and read the
 * answers as its own; it cannot do so with an address, `localhost`, or a name without a dot (a container's).
 * @param names further names that are this server's
 */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false
  const name = nameOf(host)
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true
  return /^[a-z0-9_-]+$/.test(name) || names.some((each) => each.toLowerCase() === name)
}
