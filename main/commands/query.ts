import { type Command, Option } from 'commander'
import { readText } from '../readText.ts'
import { consoleAddress, tokenOption } from './options.ts'

const parameter = (text: string, before: Record<string, string>): Record<string, string> => {
  const at = text.indexOf('=')
  if (at <= 0) throw Object.assign(new Error(`--param wants NAME=VALUE, not ${text}`), { expected: true })
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** `firstframe query`: read-only SQL over the console, as a table, CSV, JSON, Arrow or Parquet. */
export function registerQuery(program: Command): void {
  program
    .command('query')
    .argument('[sql]', 'one SELECT; {name:Type} takes --param name=value')
    .description('asks the store, read-only, through the console’s port')
    .addOption(
      new Option(
        '--format <format>',
        'how the answer looks; by default what the ending of --out means, else a table',
      ).choices(['table', 'csv', 'json', 'arrow', 'parquet']),
    )
    .option('--out <file>', 'writes a file, whole or not at all')
    .option('-f, --file <file>', 'takes the SQL from a file, such as docs/data/queries/*.sql')
    .option('--param <name=value>', 'a value for {name:Type}; may be given several times', parameter, {})
    .option('--url <url>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    // Without quotes the shell takes the SQL apart; the message says so instead of counting arguments.
    .allowExcessArguments()
    .action(async (given: string | undefined, flags, command: Command) => {
      const { QueryError } = await import('../../console/query/consoleErrors.ts')
      if (command.args.length > 1)
        throw new QueryError(
          'the SQL must be one argument: put it in quotes, firstframe query "SELECT count() FROM heartbeat"',
        )
      const { runQuery } = await import('../../console/query/runQuery.ts')
      if (given !== undefined && flags.file !== undefined)
        throw new QueryError('SQL and --file are both given: which one is meant?')
      const sql = flags.file === undefined ? given : readText(flags.file)
      if (sql === undefined || sql.trim() === '')
        throw new QueryError('which query? Give SQL, or --file FILE')
      await runQuery({
        url: flags.url,
        token: flags.token,
        sql,
        params: flags.param,
        stdout: process.stdout,
        stderr: process.stderr,
        clock: () => performance.now(),
        format: flags.format,
        out: flags.out,
      })
    })
}
