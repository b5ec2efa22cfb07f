import type { Command } from 'commander'
import { consoleBase } from '../../console/query/consoleErrors.ts'
import { expectedError } from '../expectedError.ts'
import { readRules } from '../receivers.ts'
import { instant } from './instant.ts'
import { consoleAddress, tokenOption } from './options.ts'
import { askWith } from './shows.ts'

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('run stored traffic through the rules again and say which pages would have come')
    .requiredOption('--from <instant>', 'ISO 8601, epoch seconds, or -2h')
    .option('--to <instant>', 'default: now', '-0s')
    .option('--rules <file>', 'YAML of changed rules; without it the catalogue’s', '')
    .option('--tenant <name>', 'only this tenant')
    .option('--show <name>', 'only this show')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    .option('--json', 'one JSON object a page')
    .action(
      async (flags: {
        from: string
        to: string
        rules: string
        tenant?: string
        show?: string
        url: string
        token?: string
        json?: boolean
      }) => {
        const { replay } = await import('../replay.ts')
        const now = Date.now()
        const from_ms = Math.floor(instant(flags.from, now) / 1000) * 1000
        const to_ms = Math.floor(instant(flags.to, now) / 1000) * 1000
        if (to_ms <= from_ms) throw expectedError('--to lies before --from.')
        const ask = askWith(() => flags.token)
        let facts = 0
        const query = async (sql: string) => {
          const text = await ask(
            `${consoleBase(flags.url)}/clickhouse/?database=firstframe&default_format=JSONEachRow`,
            { method: 'POST', body: sql },
          )
          const rows = text
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as Record<string, unknown>)
          facts += rows.length
          return rows
        }
        const bar = process.stderr.isTTY === true && !flags.json
        const pages = await replay({
          query,
          rules: readRules(flags.rules),
          from_ms,
          to_ms,
          tenant: flags.tenant,
          show: flags.show,
          ...(bar
            ? {
                progress: (at_ms: number) =>
                  process.stderr.write(`\r${Math.round((100 * (at_ms - from_ms)) / (to_ms - from_ms))} % `),
              }
            : {}),
        })
        if (bar) process.stderr.write('\r')
        if (facts === 0)
          throw expectedError(
            `nothing was replayed: the store has no facts${flags.show === undefined ? '' : ` of ${flags.show}`} from ${new Date(from_ms).toISOString()} to ${new Date(to_ms).toISOString()}.`,
          )
        if (flags.json) for (const page of pages) console.log(JSON.stringify(page))
        else if (pages.length === 0) console.log('No page would have come.')
        else
          for (const { at_ms, change, hop, summary_en } of pages)
            console.log(
              `${new Date(at_ms).toISOString()}  ${change.padEnd(9)} ${hop.padEnd(11)} ${summary_en}`,
            )
      },
    )
}
