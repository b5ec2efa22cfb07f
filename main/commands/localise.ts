import type { Command } from 'commander'

/** Adds `firstframe localise`. */
export function registerLocalise(program: Command): void {
  program
    .command('localise')
    .argument('<file>', 'CSV with a header: the minute, value, count, and any dimensions')
    .description('which few dimension values explain that a ratio got worse, from a CSV of cells by minute')
    .requiredOption('--at <epoch>', 'the minute to explain, in epoch seconds')
    .option('--value <column>', 'column of the numerator', 'value')
    .option('--count <column>', 'column of the denominator', 'cnt')
    .option('--top <n>', 'how many causes', '5')
    .option('--time <column>', 'column of the minutes', 'min')
    .action(async (file: string, flags) => {
      const { runLocalise } = await import('../../processor/watch/localise/command.ts')
      const { output, exitCode } = await runLocalise({ file, ...flags })
      process.stdout.write(output)
      // A mistake of the command line or the file, as everywhere.
      process.exitCode = exitCode === 0 ? 0 : 2
    })
}
