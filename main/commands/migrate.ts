import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { configOf, withConfig } from './options.ts'

/** Adds `firstframe migrate`. */
export function registerMigrate(program: Command, version: string): void {
  withConfig(program.command('migrate'))
    .description(
      'bring the store’s tables to this version; without --apply the plan is shown and nothing is done',
    )
    .option('--apply', 'do it')
    .option('--dry-run', 'show the plan alone, as without --apply')
    .action(async (flags) => {
      const { createTelemetry } = await import('../../telemetry/telemetry.ts')
      const { createContext } = await import('../context.ts')
      const { connectStore, migratorOf } = await import('../roles/store.ts')
      const config = configOf(flags)
      const apply = flags.apply === true && flags.dryRun !== true
      if (config.store.url === '') {
        throw expectedError(
          'store.url is empty: the embedded store migrates by itself when it starts. Set FIRSTFRAME_STORE_URL for a ClickHouse.',
        )
      }
      const context = createContext(config, createTelemetry({ level: 'warn', version }))
      const { store, readiness, close } = await connectStore(context)
      const problem = readiness()
      if (problem !== undefined) throw expectedError(problem)
      const migrator = migratorOf(context, store)
      try {
        const { applied, pending, kept } = await migrator.plan()
        for (const each of applied)
          console.log(`done     ${each.version} ${each.name} (${new Date(each.applied_ms).toISOString()})`)
        for (const each of pending) {
          console.log(`pending  ${each.version} ${each.name}`)
          if (!apply) console.log(each.statements.map((statement) => `${statement};\n`).join('\n'))
        }
        for (const each of kept) console.log(`stays    ${each}`)
        if (pending.length === 0) console.log('The tables are up to date.')
        else if (apply)
          console.log(
            `Done: ${(await migrator.apply()).map((each) => each.version).join(', ') || 'another process was faster'}.`,
          )
        else console.log('Nothing was done. Add --apply to do it.')
      } finally {
        await close()
      }
    })
}
