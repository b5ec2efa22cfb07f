import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCollector } from '../../collector/collector.ts'
import { openEmbeddedLog } from '../../log/embedded.ts'
import type { RehearsalPath } from '../../main/rehearse.ts'
import type { Judge, JudgeOutput } from '../../processor/watch/incident/judge.ts'
import { PART_PREFIX } from '../../processor/watch/incident/stateEntry.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import type { Batch } from '../../rehearsal/rows.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import { CLIENT_FIELDS } from '../../schemas/envelope.ts'
import type { IncidentChange } from '../../schemas/incident.ts'
import { topics } from '../../schemas/topics.ts'

type Values = Record<string, unknown>
interface Event {
  readonly at_ms: number
  readonly session: string
  readonly values: Values
}

/** A rehearsal also says what encoders and edges would. */
const SERVER_KEY = 'server-key-of-the-rehearsal'

/** Requests under way at once. */
const AT_ONCE = 64

/**
 * A rehearsal's reports as a client sends them: JSON over HTTP to a real collector, through a real log to the real watcher. The clock
 * of all of them stands in the second that is played.
 */
export async function overHttp(
  judge: Judge,
  start_ms: number,
): Promise<RehearsalPath & { readonly requests: number }> {
  let now = start_ms
  let requests = 0
  const clock = () => now
  const emit = () => {}
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-rehearsal-'))
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit, clock })
  const collector = createCollector({
    log,
    name: 'rehearsal',
    emit,
    clock,
    salt: 'rehearsal',
    keys: { rehearsal: { tenant: 'rehearsal' }, [SERVER_KEY]: { tenant: 'rehearsal', role: 'server' } },
    addresses: false,
    tickEvery_ms: 20,
    batching: { linger_ms: 1 },
  })
  await collector.app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(collector.app.server.address() as AddressInfo).port}/v1/beacons`
  const reported: IncidentChange[] = []
  const judged = new Map<number, JudgeOutput>()
  const watcher = await startWatcher({
    log,
    createJudge: () => ({
      ...judge,
      // The incidents of all streams are made by the third stage; it has to come to the same ones.
      evaluate(moment) {
        const output = judge.evaluate(moment)
        judged.set(moment.watermark_ms, output)
        return { changes: [], state: output.state.filter(({ key }) => key.startsWith(PART_PREFIX)) }
      },
    }),
    plans: new Map(judge.planned.map((entry) => [entry.id, entry])),
    notifier: { restore: () => {}, take: (changes) => void reported.push(...changes) },
    emit,
    clock,
  })
  let waiting: Event[] = []
  const isTold = ({ incident: { id, version } }: IncidentChange) =>
    reported.some(({ incident }) => incident.id === id && incident.version === version)

  async function send(session: string, events: readonly Event[]): Promise<void> {
    requests += 1
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'user-agent': '' },
      body: JSON.stringify({
        key: SERVER_KEY,
        context: { session },
        events: events.map(({ values }) => values),
      }),
    })
    if (answer.status !== 204) throw new Error(`${answer.status}: ${await answer.text()}`)
  }

  return {
    get requests() {
      return requests
    },
    async play(batches, watermark_ms): Promise<JudgeOutput> {
      waiting.push(...batches.flatMap(eventsOf))
      // What was on its way when the second ended comes in the next.
      const due = waiting.filter(({ at_ms }) => at_ms < watermark_ms)
      waiting = waiting.filter(({ at_ms }) => at_ms >= watermark_ms)
      now = watermark_ms - 500
      const bySession = new Map<string, Event[]>()
      for (const event of due) bySession.set(event.session, [...(bySession.get(event.session) ?? []), event])
      const queue = [...bySession]
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let next = queue.pop(); next !== undefined; next = queue.pop()) await send(...next)
        }),
      )
      now = watermark_ms
      const patience = performance.now() + 30_000
      for (;;) {
        const output = judged.get(watermark_ms)
        if (output?.changes.every(isTold)) return output
        if (performance.now() > patience) throw new Error('the watcher does not judge')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    async close() {
      await collector.close()
      await watcher.close()
      await log.close()
      await rm(folder, { recursive: true })
    },
  }
}

const OWN = new Set([
  'received_time',
  'event_time',
  'tenant',
  'collector',
  'flags',
  'clock_offset_ms',
  'clock_error_ms',
])

function eventsOf({ kind, bytes }: Batch): Event[] {
  const names = columnsOf(kind).map(({ name }) => name)
  const batch = readBatch(kind, bytes, names)
  const received = batch.number('received_time').values
  return Array.from({ length: batch.rows }, (_, row): Event => {
    const values: Values = { kind }
    for (const name of names) {
      if (OWN.has(name) || name === 'session') continue
      const value = batch.column(name).at(row)
      const unsaid =
        value === null || value === '' || (name in CLIENT_FIELDS && (value === false || name === 'weight'))
      if (!unsaid) values[name] = value
    }
    return { at_ms: received[row]!, session: String(batch.column('session').at(row)), values }
  })
}
