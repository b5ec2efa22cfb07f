import { resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { makeFolder } from '../dataFolder.ts'
import { keptSecret } from '../keptSecret.ts'

/** What signs sessions and API tokens: the configuration's, or the data folder's own. */
export function consoleSecret({ sign_in, data }: Config): string {
  if (sign_in.secret !== '') return sign_in.secret
  const folder = resolve(data)
  makeFolder(folder)
  return keptSecret(folder, 'console-secret', 'everybody signs in again and API tokens are made anew')
}
