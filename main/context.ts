import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { openEmbeddedLog } from '../log/embedded.ts'
import type { Log } from '../log/log.ts'
import type { Emit } from '../schemas/facts.ts'
import { topics } from '../schemas/topics.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Config } from './config/schema.ts'

/** What every role gets: nothing in the product is global. */
export interface Context {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly emit: Emit
  readonly clock: () => number
  /** The data folder, absolute; made. */
  readonly data: string
  /** Random bytes that stay with the data folder; salts and secrets are derived from them. */
  readonly secret: string
  /** Names this process among collectors and watchers. */
  readonly name: string
}

/** A part of Firstframe that runs: one process may run several. */
export interface Role {
  readonly name: string
  /** undefined when it takes work; otherwise why not, in words. */
  readiness(): string | undefined
  /** Stops taking, finishes what was taken, commits. */
  close(): Promise<void>
}

function keptSecret(folder: string): string {
  const path = join(folder, 'secret')
  try {
    return readFileSync(path, 'utf8')
  } catch {
    const secret = randomBytes(32).toString('hex')
    writeFileSync(path, secret, { mode: 0o600 })
    return secret
  }
}

export function createContext(config: Config, telemetry: Telemetry): Context {
  const data = resolve(config.data)
  mkdirSync(data, { recursive: true })
  return {
    config,
    telemetry,
    emit: telemetry.emit,
    clock: Date.now,
    data,
    secret: keptSecret(data),
    name: config.collector_name || `${hostname()}-${process.pid}`,
  }
}

/** Opens the log the configuration names. */
export async function openLog(
  context: Context,
  { spill = false }: { readonly spill?: boolean } = {},
): Promise<Log> {
  const { config, data, emit, clock } = context
  if (config.log.kind === 'embedded') {
    return openEmbeddedLog({
      path: join(data, 'log'),
      topics: topics(1),
      max_bytes: config.log.max_bytes,
      durableGroups: ['write', 'watch'],
      emit,
      clock,
    })
  }
  const { openKafka } = await import('./kafka.ts')
  return openKafka(context, { spill })
}
