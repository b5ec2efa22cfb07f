import { createStore } from './client.ts'
import type { StoreError } from './storeError.ts'

/** Why a ClickHouse cannot be used. `away` may pass by itself; the others need somebody. */
export interface StoreProblem {
  readonly kind: 'away' | 'login' | 'version' | 'other'
  readonly message: string
}

/** The first version in which a reader's scalar `file()` needs the grant for files. */
export const LEAST_VERSION = [25, 8, 19, 7] as const

const LOGIN = new Set([192, 193, 194, 516])

/** Whether an error says that user or password are wrong. */
export const isLoginRefused = (error: unknown): boolean => LOGIN.has((error as StoreError).code)

/** Whether a version, as ClickHouse prints it, is at least LEAST_VERSION. */
export function isNewEnough(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, least] of LEAST_VERSION.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part > least
  }
  return true
}

/** Asks a ClickHouse for its version as that user: undefined when it can be used. */
export async function checkStore(options: {
  readonly url: string
  readonly user: string
  readonly password: string
  /** Names of the settings that hold user and password, for the message. */
  readonly settings: string
}): Promise<StoreProblem | undefined> {
  const { url, user, password, settings } = options
  // the database of the configuration may not be there before the first migration
  const store = createStore({ url, user, password, database: 'default', requestTimeout_ms: 5_000 })
  try {
    const [row] = await store.query<{ version: string }>('SELECT version() AS version')
    const version = row?.version ?? ''
    if (isNewEnough(version)) return undefined
    return {
      kind: 'version',
      message: `ClickHouse at ${url} is version ${version}: before ${LEAST_VERSION.join('.')} whoever may query may read the server's files. Take a newer one.`,
    }
  } catch (error) {
    const { message, fault, type } = error as StoreError
    if (isLoginRefused(error))
      return {
        kind: 'login',
        message: `ClickHouse at ${url} refused the login of the user "${user}": check ${settings}.`,
      }
    if (fault === 'store')
      return {
        kind: 'away',
        message: `nothing answers as ClickHouse at ${url} (${type || message}): check store.url, or start it.`,
      }
    return { kind: 'other', message: `ClickHouse at ${url} answered: ${message}` }
  } finally {
    await store.close()
  }
}
