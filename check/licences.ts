import { readFileSync } from 'node:fs'

interface Locked {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
}

/** Licences that a package may have, installed with the product or not. */
const TAKEN = /^(0BSD|Apache-2\.0|BSD-[23]-Clause|CC0-1\.0|ISC|MIT|MIT OR Apache-2\.0)$/
/** Licences that were read by a person. */
const READ: Readonly<Record<string, string>> = {
  '@ip-location-db/asn': 'SEE LICENSE IN ROUTEVIEWS-LICENSE and DBIP-LICENSE (CC-BY-4.0)',
  // used by tests only, unchanged
  'axe-core': 'MPL-2.0',
  mediabunny: 'MPL-2.0',
  tweetnacl: 'Unlicense',
  // the lock file does not repeat its licence, which is MIT
  'dom-walk': '',
}

/**
 * Packages of the lock file whose licence nobody took, or whose bytes nothing fixes. Builds for other platforms stand there by their
 * version only: npm fills in the rest where they are installed.
 */
export function brokenLicences(
  packages: Readonly<Record<string, Locked>> = (
    JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> }
  ).packages,
): string[] {
  return Object.entries(packages).flatMap(([path, { version, license, integrity, optional }]) => {
    const name = path.split('node_modules/').at(-1)!
    if (name === '' || (optional === true && license === undefined && integrity === undefined)) return []
    const isTaken = TAKEN.test(license ?? '') || READ[name] === (license ?? '')
    return [
      ...(isTaken
        ? []
        : [`${name} ${version}: licence ${license ?? 'unknown'} (check/licences.ts lists what is taken)`]),
      ...(integrity === undefined ? [`${name} ${version}: package-lock.json has no integrity for it`] : []),
    ]
  })
}
