import type { Log } from '../../log/log.ts'
import { startWriter } from '../../processor/write/writer.ts'
import type { Store } from '../../store/client.ts'
import type { Context, Role } from '../context.ts'

/** What has waited longer than this makes the writer not ready. */
const BEHIND_MS = 60_000

/** Copies the log into the store. */
export async function startWrite({ emit, clock }: Context, log: Log, store: Store): Promise<Role> {
  const writer = await startWriter({ log, store, emit, clock, elapsed: () => performance.now() })
  return {
    name: 'write',
    readiness() {
      const { waited_ms, rows } = writer.pending()
      return waited_ms < BEHIND_MS
        ? undefined
        : `${rows} rows wait for the store since ${Math.round(waited_ms / 1000)} s`
    },
    close: () => writer.close(),
  }
}
