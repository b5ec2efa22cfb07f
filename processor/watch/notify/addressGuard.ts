import { isIP } from 'node:net'
import { isPrivateAddress, isWithin, networksOf } from '../../../schemas/privateNetworks.ts'

export interface AddressGuard {
  /** Whether a connection to this address may be made for this host name. */
  permits(address: string, host: string): boolean
}

/**
 * Decides which addresses a webhook may reach: the public internet, and what the operator allowed by network or host name.
 * Called at the moment of connecting, so that a name which changes its address in between gains nothing.
 */
export function createAddressGuard(allow: readonly string[] = []): AddressGuard {
  const isNetwork = (entry: string) => isIP(entry.split('/')[0]!) !== 0
  const hosts = new Set(allow.filter((entry) => !isNetwork(entry)).map((host) => host.toLowerCase()))
  const networks = networksOf(allow.filter(isNetwork))
  return {
    permits(address, host) {
      if (hosts.has(host.toLowerCase())) return true
      return isIP(address) !== 0 && (isWithin(address, networks) || !isPrivateAddress(address))
    },
  }
}
