import type { TSchema } from '@sinclair/typebox'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { environmentNames, withoutSecrets } from '../config/load.ts'
import { Config } from '../config/schema.ts'
import { readRules } from '../receivers.ts'
import { checkSignIn } from '../roles/checkStart.ts'
import { configOf, withConfig } from './options.ts'

function describe(path: readonly string[]): string {
  let schema: TSchema = Config
  for (const name of path) schema = schema.properties[name] as TSchema
  return schema.description ?? ''
}

/** Adds `firstframe config`. */
export function registerConfig(program: Command): void {
  withConfig(program.command('config'))
    .description('print the settings as they are, secrets hidden')
    .addHelpText('after', () => {
      const rows = [...environmentNames()].map(
        ([name, path]) => `  ${path.join('.').padEnd(24)} ${name.padEnd(36)} ${describe(path)}`,
      )
      return `\nAll settings, by their place in the file and their environment variable:\n${rows.join('\n')}`
    })
    .action((flags) => {
      const config = configOf(flags)
      checkSignIn(config)
      readRules(config.rules)
      process.stdout.write(stringify(withoutSecrets(config)))
    })
}
