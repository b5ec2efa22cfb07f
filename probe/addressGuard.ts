import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPrivateAddress, isWithin, networksOf } from '../schemas/privateNetworks.ts'

/** A host that resolves only to addresses that may not be reached. */
export class AddressNotAllowed extends Error {
  readonly code = 'EADDRNOTALLOWED'
}

export interface AddressGuard {
  /** Throws `AddressNotAllowed` where a URL's host is an address that may not be reached. */
  readonly checkUrl: (url: URL) => void
  /** A resolver for connections to this URL: it gives out only addresses that may be reached. */
  readonly lookupFor: (url: URL) => LookupFunction
}

export interface AddressGuardOptions {
  /** What the operator asked to be checked. Its own host and port may be private. */
  readonly target: URL
  /** Private networks that streams may lead to, as `10.0.0.0/8`. */
  readonly allow?: readonly string[]
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction
}

const placeOf = (url: URL): string =>
  `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : url.protocol === 'http:' ? '80' : '1935')}`

const literalOf = (url: URL): string | undefined => {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}

/**
 * Keeps a check out of private networks: playlists, keys, segments and redirects come from others, and the probe stands
 * inside. The target's own host and port may be private, when it was so from the beginning (a lab on loopback, an
 * origin inside); everything else has to be public or in `allow`. Names are resolved here, and the connection goes to
 * the address that was judged, so a name that changes its address gains nothing.
 * @throws when `allow` holds something that is no network
 */
export function addressGuard({
  target,
  allow = [],
  lookup = systemLookup as LookupFunction,
}: AddressGuardOptions): AddressGuard {
  const networks = networksOf(allow)
  const targetPlace = placeOf(target)
  let targetIsPrivate: boolean | undefined
  const literal = literalOf(target)
  if (literal !== undefined) targetIsPrivate = isPrivateAddress(literal)

  function mayReach(url: URL, address: string): boolean {
    if (!isPrivateAddress(address) || isWithin(address, networks)) return true
    return targetIsPrivate === true && placeOf(url) === targetPlace
  }
  const refusal = (url: URL, address: string) =>
    new AddressNotAllowed(`${url.host} is at ${address}, in a network that this check may not reach`)

  return {
    checkUrl(url) {
      const address = literalOf(url)
      if (address !== undefined && !mayReach(url, address)) throw refusal(url, address)
    },
    lookupFor: (url) => (hostname, options, answer) => {
      lookup(hostname, { ...options, all: true }, (error, found, family) => {
        if (error) return answer(error, '', 0)
        const all = Array.isArray(found) ? found : [{ address: found, family: family ?? 4 }]
        if (placeOf(url) === targetPlace)
          targetIsPrivate ??= all.every(({ address }) => isPrivateAddress(address))
        const allowed = all.filter(({ address }) => mayReach(url, address))
        const first = allowed[0]
        if (first === undefined) return answer(refusal(url, all[0]?.address ?? 'nowhere'), '', 0)
        if (options.all === true) answer(null, allowed)
        else answer(null, first.address, first.family)
      })
    },
  }
}
