import type { Log } from '../../log/log.ts'
import { startWriter } from '../../processor/write/writer.ts'
import type { Fact } from '../../schemas/facts.ts'
import type { Store } from '../../store/client.ts'
import { type BatchTimeline, createTraceSender } from '../../telemetry/traces.ts'
import type { Context, Role } from '../context.ts'
import { VERSION } from '../version.ts'

/** What has waited longer than this makes the writer not ready. */
const BEHIND_MS = 60_000

/** Copies the log into the store, and sends the timeline of each range as a trace where somebody wants them. */
export async function startWrite({ config, emit, clock }: Context, log: Log, store: Store): Promise<Role> {
  const { url, headers } = config.traces
  const traces =
    url === '' ? undefined : createTraceSender({ target: { url, headers }, version: VERSION, emit })
  const traced = (fact: Fact) => {
    if (fact.type === 'rows_written' && fact.timeline !== undefined)
      traces?.add(fact.timeline as BatchTimeline)
    emit(fact)
  }
  const writer = await startWriter({
    ...{ log, store, clock, elapsed: () => performance.now() },
    emit: traces === undefined ? emit : traced,
  })
  return {
    name: 'write',
    readiness() {
      const { waited_ms, rows } = writer.pending()
      return waited_ms < BEHIND_MS
        ? undefined
        : `${rows} rows wait for the store since ${Math.round(waited_ms / 1000)} s`
    },
    async close() {
      await writer.close()
      await traces?.close()
    },
  }
}
