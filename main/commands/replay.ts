import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { readRules } from '../receivers.ts'
import { instant } from './instant.ts'
import { consoleAddress } from './options.ts'

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
    .option('--json', 'one JSON object a page')
    .action(
      async (flags: {
        from: string
        to: string
        rules: string
        tenant?: string
        show?: string
        url: string
        json?: boolean
      }) => {
        const { replay } = await import('../replay.ts')
        const now = Date.now()
        const from_ms = Math.floor(instant(flags.from, now) / 1000) * 1000
        const to_ms = Math.floor(instant(flags.to, now) / 1000) * 1000
        if (to_ms <= from_ms) throw expectedError('--to lies before --from.')
        const query = async (sql: string) => {
          let answer: Response
          try {
            answer = await fetch(
              `${flags.url.replace(/\/$/, '')}/clickhouse/?database=firstframe&default_format=JSONEachRow`,
              { method: 'POST', body: sql },
            )
          } catch {
            throw expectedError(
              `${flags.url} does not answer. Is Firstframe running? Name its console with --url.`,
            )
          }
          const text = await answer.text()
          if (!answer.ok) throw expectedError(text.trim())
          return text.trim() === ''
            ? []
            : text
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line) as Record<string, unknown>)
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
