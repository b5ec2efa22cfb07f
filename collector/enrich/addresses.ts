import { createRequire } from 'node:module'
import { type CountryResponse, open, type Reader } from 'maxmind'
import type { Emit } from '../../schemas/facts.ts'
import { recentAddresses } from './addressNumber.ts'
import { loadOperators, type OperatorOf } from './operators.ts'

export interface Place {
  readonly country: string
  readonly isp: string
}

/** Where addresses belong. Before its tables are loaded it knows nothing. */
export interface Addresses {
  placeOf(address: string): Place
  /** Resolves when the tables are there, or could not be loaded (told by a fact). */
  readonly loaded: Promise<void>
}

const NOWHERE: Place = { country: '', isp: '' }
const KEPT = 50_000

export const NO_ADDRESSES: Addresses = { placeOf: () => NOWHERE, loaded: Promise.resolve() }

/** Countries: @ip-location-db/geo-whois-asn-country-mmdb (CC0). Operators: see `loadOperators`. */
export function openAddresses(options: {
  readonly cacheFolder?: string | undefined
  readonly emit: Emit
}): Addresses {
  let countries: Reader<CountryResponse> | undefined
  let operatorOf: OperatorOf | undefined
  const known = recentAddresses(KEPT, (address): Place => {
    const found = countries?.get(address) as { country_code?: string } | null | undefined
    return { country: found?.country_code ?? '', isp: operatorOf?.(address) ?? '' }
  })
  const failed = (table: string) => (error: unknown) =>
    options.emit({ type: 'addresses_failed', table, error })

  async function loadCountries(): Promise<void> {
    const file = createRequire(import.meta.url).resolve(
      '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb',
    )
    countries = await open<CountryResponse>(file)
  }
  async function load(): Promise<void> {
    await Promise.all([
      loadCountries().catch(failed('countries')),
      loadOperators(options.cacheFolder).then((found) => {
        operatorOf = found
      }, failed('operators')),
    ])
    known.forget()
  }
  return {
    loaded: load(),
    placeOf: known.of,
  }
}
