import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { readKeyFile } from '../../collector/auth/keyRing.ts'
import { tenantNames } from '../config/meaning.ts'
import { makeFolder } from '../dataFolder.ts'
import { expectedError } from '../expectedError.ts'
import { addServerKey, keyFileOf, retireServerKey } from '../serverKeys.ts'
import { configOf, withConfig } from './options.ts'

const hours = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0)) throw new InvalidArgumentError('It must be a number of hours.')
  return value
}

const fileOf = (flags: object): string => {
  const config = configOf(flags)
  return keyFileOf(config, resolve(config.data))
}

const when = (time_ms: number | undefined): string =>
  time_ms === undefined ? '' : new Date(time_ms).toISOString().slice(0, 16).replace('T', ' ')

/**
 * `firstframe keys make | list | retire`: server keys, of which several are valid at once. To change a key without a gap: make
 * one, give it to the sender, retire the old one. Running collectors see a change within two seconds.
 */
export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('server keys: what media servers, probes and CDNs show to report for a tenant')
  withConfig(keys.command('make'))
    .description('make a server key; it is printed once and kept only as a hash')
    .requiredOption('--tenant <name>', 'whose facts it may report')
    .option('--source <name>', 'the only source it may report for: nginx-rtmp, srs, probe, k6, …')
    .action((flags) => {
      const known = tenantNames(configOf(flags))
      if (!known.includes(flags.tenant))
        throw expectedError(
          `there is no tenant ${flags.tenant}; there are: ${known.join(', ')}. The key would be refused by every collector.`,
        )
      const file = fileOf(flags)
      makeFolder(dirname(file))
      const { key, kept } = addServerKey(file, {
        tenant: flags.tenant,
        source: flags.source,
        now_ms: Date.now(),
      })
      console.error(`${kept.id}: of tenant ${kept.tenant}${kept.source ? `, source ${kept.source}` : ''}`)
      console.log(key)
    })
  withConfig(keys.command('list'))
    .description('list server keys, by their id')
    .action((flags) => {
      const kept = readKeyFile(fileOf(flags))
      if (kept.length === 0) console.error(`No server key was made yet: ${fileOf(flags)} has none.`)
      for (const { id, tenant, source = 'any source', made_ms, until_ms } of kept)
        console.log(
          [
            id,
            tenant,
            source,
            `made ${when(made_ms)}`,
            until_ms === undefined ? '' : `until ${when(until_ms)}`,
          ]
            .filter((part) => part !== '')
            .join('  '),
        )
    })
  withConfig(keys.command('retire'))
    .description('end a server key')
    .argument('<id>', 'its id: see `firstframe keys list`')
    .option('--in <hours>', 'how long it stays valid yet', hours, 0)
    .action((id: string, flags) => {
      const retired = retireServerKey(fileOf(flags), id, Date.now() + flags.in * 3_600_000)
      if (retired === undefined)
        throw expectedError(`no server key has the id ${id}: see \`firstframe keys list\`.`)
      console.log(`${id} is valid until ${when(retired.until_ms)} (UTC).`)
    })
}
