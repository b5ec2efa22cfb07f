import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { CATALOGUE_RULES, type RuleSet } from '../processor/watch/detect/activeRules.ts'
import { loadRules } from '../processor/watch/detect/loadRules.ts'
import { createAddressGuard } from '../processor/watch/notify/addressGuard.ts'
import type { ReceiverConfig } from '../processor/watch/notify/receiverConfig.ts'
import { unreachable } from './config/receiverProblems.ts'
import type { Config } from './config/schema.ts'
import { expectedError } from './expectedError.ts'
import { readText } from './readText.ts'

/** The configuration's `receivers`: `loadConfig` has checked each by its type's schema. */
export const readReceivers = (entries: Config['receivers']): readonly ReceiverConfig[] =>
  entries as unknown as readonly ReceiverConfig[]

/**
 * Refuses receivers whose host name leads into the network without an `allow`: their first page would be lost. A name
 * that cannot be looked up now is left to the notifier, which tries again.
 */
export async function refusePrivateReceivers(receivers: readonly ReceiverConfig[]): Promise<void> {
  const problems = await Promise.all(
    receivers.map(async ({ name, url, allow }): Promise<string[]> => {
      if (url === undefined) return []
      const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) !== 0) return []
      const addresses = await lookup(host, { all: true }).catch(() => [])
      const guard = createAddressGuard(allow)
      const reachable =
        addresses.length === 0 || addresses.some(({ address }) => guard.permits(address, host))
      return reachable ? [] : [`receiver ${name}: ${unreachable(host)}`]
    }),
  )
  if (problems.flat().length > 0) throw expectedError(problems.flat().join('\n'))
}

/** The catalogue's rules, with the operator's file of changes over them. Throws an error with the file's lines. */
export function readRules(path: string): RuleSet {
  if (path === '') return CATALOGUE_RULES
  const loaded = loadRules(readText(path))
  if ('rules' in loaded) return loaded.rules
  throw expectedError(
    `the rules are not right:\n${loaded.errors.map(({ line, column, message }) => `  ${path}:${line}:${column}: ${message}`).join('\n')}`,
  )
}
