import { createHmac, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Emit } from '../schemas/facts.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type FolderClock, openFolderClock } from './clock.ts'
import type { Config } from './config/schema.ts'
import { makeFolder } from './dataFolder.ts'
import { keptSecret } from './keptSecret.ts'

/** What every role gets: nothing in the product is global. */
export interface Context {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly emit: Emit
  /** ms since the epoch, of the process's one clock. */
  readonly clock: () => number
  /** The same clock, with what is known about it. */
  readonly houseClock: FolderClock
  /** Roles of this process, as they come. */
  readonly roles: Role[]
  /** The data folder, absolute; made. */
  readonly data: string
  /** Random bytes that stay with the data folder; salts are derived from them. */
  readonly secret: string
  /** The server key by which this process's own parts speak for a tenant; another at each start. */
  readonly ownKeyOf: (tenant: string) => string
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

/** What every role is given: configuration, telemetry, clock, log and store, opened when first asked for. */
export function createContext(config: Config, telemetry: Telemetry): Context {
  const data = resolve(config.data)
  makeFolder(data)
  const houseClock = openFolderClock(data)
  const own = randomBytes(32)
  return {
    config,
    telemetry,
    emit: telemetry.emit,
    clock: houseClock.now,
    houseClock,
    roles: [],
    data,
    secret: keptSecret(
      data,
      'secret',
      'viewers and sessions of before are counted as others, since their hashes change',
    ),
    ownKeyOf: (tenant) => createHmac('sha256', own).update(tenant).digest('base64url'),
    name: config.collector_name || `${hostname()}-${process.pid}`,
  }
}

/** The first role that takes no work, with the reason; the clock counts as one. undefined: all are ready. */
export function unready({ roles, houseClock }: Context): string | undefined {
  const problem = houseClock.problem()
  if (problem !== undefined) return problem
  for (const role of roles) {
    const reason = role.readiness()
    if (reason !== undefined) return `${role.name}: ${reason}`
  }
  return undefined
}
