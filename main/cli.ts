import { Command } from 'commander'
import { registerBackup } from './commands/backup.ts'
import { registerCanary } from './commands/canary.ts'
import { registerConfig } from './commands/config.ts'
import { registerDemo } from './commands/demo.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerDrill } from './commands/drill.ts'
import { registerIngest } from './commands/ingest.ts'
import { registerJudge } from './commands/judge.ts'
import { registerKeys } from './commands/keys.ts'
import { registerLocalise } from './commands/localise.ts'
import { registerMigrate } from './commands/migrate.ts'
import { warnOfStandardPort } from './commands/options.ts'
import { registerPlan } from './commands/plan.ts'
import { registerPlanned } from './commands/planned.ts'
import { registerProbe } from './commands/probe.ts'
import { registerQuery } from './commands/query.ts'
import { registerReady } from './commands/ready.ts'
import { registerReceivers } from './commands/receivers.ts'
import { registerRehearse } from './commands/rehearse.ts'
import { registerReplay } from './commands/replay.ts'
import { registerReport } from './commands/report.ts'
import { registerRoles } from './commands/roles.ts'
import { registerShows } from './commands/shows.ts'
import { registerSignIn } from './commands/signIn.ts'
import { ConfigError } from './config/load.ts'
import { ListenError } from './listenError.ts'
import { VERSION } from './version.ts'

/** The program with all its commands. */
export function createProgram(): Command {
  const program = new Command('firstframe')
    .description(
      'The control room for live streams: what viewers feel, where on the link it breaks, for whom, and who to call.',
    )
    .version(VERSION)
    // Commands made below inherit it: a mistake of the command line has the exit code of other mistakes.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .showHelpAfterError('(firstframe --help lists the commands)')
    .showSuggestionAfterError()
  registerRoles(program, VERSION)
  registerDemo(program, VERSION)
  registerConfig(program)
  registerKeys(program)
  registerSignIn(program)
  registerDoctor(program, VERSION)
  registerBackup(program, VERSION)
  registerMigrate(program, VERSION)
  registerJudge(program)
  registerLocalise(program)
  registerProbe(program, VERSION)
  registerIngest(program, VERSION)
  registerShows(program)
  registerPlanned(program)
  registerPlan(program)
  registerReady(program, VERSION)
  registerDrill(program)
  registerReceivers(program)
  registerRehearse(program)
  registerReplay(program)
  registerQuery(program)
  registerReport(program)
  registerCanary(program)
  program.hook('preAction', (_program, command) => warnOfStandardPort(command))
  return program
}

/** Runs the command line. Exit code 2: something a person can mend, in a line; 1: a bug, with its stack. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv])
  } catch (error) {
    const text = plainError(error)
    console.error(text === undefined ? error : `firstframe: ${text}`)
    process.exit(text === undefined ? 1 : 2)
  }
}

/** A file or folder that is not there, is the other of both, may not be touched, or has no room. */
const FILE_ERRORS = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENAMETOOLONG',
])

/**
 * What a person can mend, in a line: mistakes of the configuration and the command line, a port that is taken, and a log
 * or store that does not answer or refuses. undefined for a bug: its stack is of use.
 */
function plainError(error: unknown): string | undefined {
  const { message, name, cause } = error as Error & { cause?: Error }
  if (error instanceof ConfigError || error instanceof ListenError) return message
  if ((error as { expected?: boolean }).expected === true) return message
  const { code, path, syscall } = error as NodeJS.ErrnoException
  if (path !== undefined && syscall !== undefined && FILE_ERRORS.has(code ?? '')) return message
  if (name !== 'StoreError' && name !== 'LogError') return undefined
  const why = cause?.message === undefined || message.includes(cause.message) ? '' : ` (${cause.message})`
  return `${message}${why}. \`firstframe doctor\` checks what it depends on.`
}
