import { resolve } from 'node:path'
import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { configOf, withConfig } from './options.ts'

/** Adds `firstframe backup` and `restore`. */
export function registerBackup(program: Command, version: string): void {
  withConfig(program.command('backup <folder>'))
    .description(
      'copy the data folder of a stopped Firstframe (log, store, secret) into a new folder within <folder>, with checksums',
    )
    .action(async (folder: string, flags) => {
      const { backUp } = await import('../backup.ts')
      const made = await backUp({
        data: dataOf(flags),
        to: resolve(folder),
        version,
        now_ms: Date.now(),
      })
      const files = Object.values(made.manifest.files)
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      console.log(`${made.folder}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`)
    })
  withConfig(program.command('restore [backup]'))
    .description(
      'bring the data folder of a stopped Firstframe back from a backup; what was there before is kept beside it',
    )
    .option('--store', 'only the store: what the present log has beyond the backup is written again')
    .option('--from-log', 'only the store, without a backup: it is built anew from what the log still has')
    .action(async (backup: string | undefined, flags) => {
      if ((backup === undefined) !== (flags.fromLog === true))
        throw expectedError('name a backup, or give --from-log')
      const { restore } = await import('../backup.ts')
      const part = flags.store || flags.fromLog ? 'store' : 'all'
      const difference = await restore({
        data: dataOf(flags),
        from: backup === undefined ? undefined : resolve(backup),
        part,
        now_ms: Date.now(),
      })
      console.log(`What was there before is in ${difference.aside}.`)
      if (part === 'all') console.log('Log and store are as they were when the backup was made.')
      else console.log(`The next start writes ${difference.rows_again} rows again from the log.`)
      for (const [partition, messages] of Object.entries(difference.missing))
        console.log(
          `Missing: ${messages} messages of ${partition}, that neither the ${backup === undefined ? 'log' : 'backup nor the log'} has.`,
        )
    })
}

function dataOf(flags: Parameters<typeof configOf>[0]): string {
  const config = configOf(flags)
  if (config.log.kind !== 'embedded' || config.store.url !== '')
    throw expectedError(
      'this configuration keeps its data in Kafka or ClickHouse: back those up with their own tools (BACKUP DATABASE; replicas of topics).',
    )
  return resolve(config.data)
}
