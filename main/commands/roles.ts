import type { Command } from 'commander'
import type { Context, Role } from '../context.ts'
import { serveHealth } from '../health.ts'
import { configOf, withConfig } from './options.ts'

interface RoleCommand {
  readonly name: string
  readonly help: string
  /** Starts the roles in order; they are closed the other way round. */
  readonly start: (context: Context, add: <R extends Role>(role: R) => R) => Promise<void>
}

const ROLES: readonly RoleCommand[] = [
  {
    name: 'all',
    help: 'everything in one process: collector, writer, watcher, store, console',
    start: async (context, add) => (await import('../roles/all.ts')).startAll(context, add),
  },
  {
    name: 'collector',
    help: 'take beacons on the public port and append them to the log',
    start: async (context, add) => (await import('../roles/single.ts')).collector(context, add),
  },
  {
    name: 'write',
    help: 'copy the log into the store',
    start: async (context, add) => (await import('../roles/single.ts')).write(context, add),
  },
  {
    name: 'watch',
    help: 'judge the log as it comes: windows, incidents, notifications',
    start: async (context, add) => (await import('../roles/single.ts')).watch(context, add),
  },
  {
    name: 'store',
    help: 'run the embedded store for other processes, as a ClickHouse on store.host and store.port',
    start: async (context, add) => (await import('../roles/single.ts')).store(context, add),
  },
  {
    name: 'console',
    help: 'serve the page, its API and read-only SQL from a store that is elsewhere',
    start: async (context, add) => (await import('../roles/single.ts')).console_(context, add),
  },
]

/** After a signal, what is not closed by then is given up: everything answered is on the disk anyway. */
const CLOSE_MS = 20_000

/** Adds the commands that start roles: `collector`, `write`, `watch`, `console`, `store`, `all`. */
export function registerRoles(program: Command, version: string): void {
  for (const { name, help, start } of ROLES) {
    withConfig(program.command(name))
      .description(help)
      .action(async (flags) => {
        const config = configOf(flags)
        const { createTelemetry } = await import('../../telemetry/telemetry.ts')
        const { createContext } = await import('../context.ts')
        const telemetry = createTelemetry({
          level: config.log_level as 'info',
          version,
          pretty: process.stdout.isTTY === true,
        })
        const context = createContext(config, telemetry)
        await runRoles(context, start)
      })
  }
  program
    .command('store-process', { hidden: true })
    .description('the store’s engine, started by its supervisor')
    .action(async () => (await import('../../store/server/supervised.ts')).runSupervisedStore())
}

/** Runs roles until SIGTERM or SIGINT, then closes them in the opposite order. */
async function runRoles(context: Context, start: RoleCommand['start']): Promise<void> {
  const { roles, houseClock } = context
  roles.push({
    name: 'clock',
    readiness: () => houseClock.problem(),
    close: async () => houseClock.close(),
  })
  let started = false
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      setTimeout(() => process.exit(1), CLOSE_MS).unref()
      for (const role of [...roles].reverse()) await role.close()
    })()
    return closing
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      void close().then(
        () => process.exit(0),
        (error: unknown) => {
          context.emit({ type: 'bug', where: 'close', error })
          process.exit(1)
        },
      )
    })
  }
  process.on('unhandledRejection', (error) => context.emit({ type: 'bug', where: 'rejection', error }))
  const { config, telemetry } = context
  try {
    if (config.health_port > 0) {
      const health = await serveHealth({
        host: config.health_host,
        port: config.health_port,
        roles,
        started: () => started && closing === undefined,
        metrics: async () => ({ contentType: telemetry.contentType, text: await telemetry.metrics() }),
      })
      roles.push({ name: 'health', readiness: () => undefined, close: () => health.close() })
    }
    await start(context, (role) => {
      roles.push(role)
      return role
    })
    started = true
  } catch (error) {
    if (closing === undefined) await close().catch(() => undefined)
    throw error
  }
}
