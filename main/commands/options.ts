import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'

/** Where the configuration is looked for when nobody names a file. */
const STANDARD_FILE = 'firstframe.yaml'

/** Reads an option’s whole number; commander reports what is none. */
export const whole = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.')
  return value
}

/** Reads an option’s number above 0; commander reports what is none. */
export const positive = (text: string): number => {
  const value = Number(text)
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

/** Adds the settings that every role takes on the command line; all others stand in the file or the environment. */
export const withConfig = (command: Command): Command =>
  command
    .option('--config <file>', `YAML file of settings (default: ${STANDARD_FILE} if it is there)`)
    .option('--port <n>', 'public port: beacons, time, health', whole)
    .option('--host <address>', 'address of the public port')
    .option('--console-port <n>', 'console: page, API, /metrics, SQL', whole)
    .option('--console-host <address>', 'address of the console')
    .option('--health-port <n>', 'health of this process: /healthz, /readyz, /metrics (0: none)', whole)
    .option('--data <folder>', 'folder of the embedded log and store')
    .option('--log-level <level>', 'debug, info, warn, error or silent')

export interface ConfigFlags {
  readonly config?: string
  readonly port?: number
  readonly host?: string
  readonly consolePort?: number
  readonly consoleHost?: string
  readonly healthPort?: number
  readonly data?: string
  readonly logLevel?: string
}

let broken: string | undefined

/**
 * Where the console of this configuration answers, for commands that talk to a running Firstframe. A configuration that
 * cannot be read does not stop them: the standard port is taken, and `warnOfStandardPort` says so.
 */
export function consoleAddress(): string {
  let port = 8081
  try {
    port = configOf({}).console_port
  } catch (error) {
    const { problems = [(error as Error).message] } = error as { problems?: readonly string[] }
    broken = problems[0]
  }
  return `http://127.0.0.1:${port}`
}

/** Says that a command asks the standard port, since the configuration that names the console's is broken. */
export function warnOfStandardPort(command: Command): void {
  if (broken === undefined) return
  for (let at: Command | null = command; at !== null; at = at.parent)
    if (at.getOptionValueSource('url') === 'default')
      console.error(
        `firstframe: the configuration cannot be read, so the console is looked for at ${String(at.opts().url)}; name it with --url, or mend ${broken}`,
      )
}

/** `--token`, for commands that talk to a console at which people sign in. */
export const tokenOption = (): Option =>
  new Option('--token <token>', 'API token of a console that asks people to sign in (docs/signIn.md)').env(
    'FIRSTFRAME_TOKEN',
  )

/** The configuration file that these flags, the environment or the standard name point to. */
export const configFileOf = (flags: ConfigFlags): string =>
  flags.config ?? (process.env.FIRSTFRAME_CONFIG || STANDARD_FILE)

/** The configuration of this process, from file, environment and the flags of `withConfig`. Throws ConfigError. */
export function configOf(flags: ConfigFlags): Config {
  // An empty variable is one that is not set: compose files pass it on so.
  const named = flags.config ?? (process.env.FIRSTFRAME_CONFIG || undefined)
  return loadConfig({
    file: { path: named ?? STANDARD_FILE, optional: named === undefined },
    environment: process.env,
    flags: {
      port: flags.port,
      host: flags.host,
      console_port: flags.consolePort,
      console_host: flags.consoleHost,
      health_port: flags.healthPort,
      data: flags.data,
      log_level: flags.logLevel,
    },
  })
}
