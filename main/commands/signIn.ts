import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { Role } from '../../console/signIn/principal.ts'
import { tenantNames } from '../config/meaning.ts'
import { expectedError } from '../expectedError.ts'
import { type ConfigFlags, configOf, withConfig } from './options.ts'

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    lines.close()
    return line
  }
  return ''
}

/** `firstframe password` and `firstframe token`: what signing in to the console needs on the command line. */
export function registerSignIn(program: Command): void {
  program
    .command('password')
    .description('read a password from standard input and print its hash for sign_in.accounts')
    .action(async () => {
      const { hashPassword } = await import('../../console/signIn/accounts.ts')
      if (process.stdin.isTTY) process.stderr.write('Password: ')
      const password = await readLine()
      if (password.length < 12) throw expectedError('the password is shorter than 12 characters')
      console.log(await hashPassword(password))
    })
  withConfig(program.command('token'))
    .description('print an API token for the console: for Grafana, notebooks, CI and Prometheus')
    .requiredOption('--name <name>', 'what it is for; stands in the audit trail')
    .option('--role <role>', 'viewer, analyst, operator or admin', 'viewer')
    .option('--tenants <names>', 'tenants it may see, separated by commas; * is all', '*')
    .option('--days <days>', 'how long it counts', '90')
    .action(async (flags: ConfigFlags & { name: string; role: string; tenants: string; days: string }) => {
      const [{ createTokens }, { ROLES }, { consoleSecret }] = await Promise.all([
        import('../../console/signIn/tokens.ts'),
        import('../../console/signIn/principal.ts'),
        import('../roles/consoleSecret.ts'),
      ])
      const days = Number(flags.days)
      if (!ROLES.includes(flags.role as Role)) throw expectedError(`--role: one of ${ROLES.join(', ')}`)
      if (!(days > 0 && days <= 366)) throw expectedError('--days: more than 0, at most 366')
      const config = configOf(flags)
      const tenants = flags.tenants === '*' ? '*' : flags.tenants.split(',').map((each) => each.trim())
      const known = tenantNames(config)
      const unknown = tenants === '*' ? undefined : tenants.find((each) => !known.includes(each))
      if (unknown !== undefined)
        throw expectedError(`--tenants: there is no tenant ${unknown}; there are: ${known.join(', ')}`)
      const tokens = createTokens({ secret: consoleSecret(config), clock: Date.now })
      console.log(
        await tokens.sign(
          'token',
          { sub: `command line/${flags.name}`, role: flags.role, tenants },
          days * 86_400,
        ),
      )
    })
}
