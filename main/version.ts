import { readFileSync } from 'node:fs'

/** This program's version, of `package.json`. */
export const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { readonly version: string }
