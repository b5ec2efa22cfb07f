import type { RehearsalPath } from '../../main/rehearse.ts'
import type { Judge, JudgeOutput } from '../../processor/watch/incident/judge.ts'
import type { Batch } from '../../rehearsal/rows.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import { CLIENT_FIELDS } from '../../schemas/envelope.ts'
import { postPatiently } from '../pipeline/postPatiently.ts'
import { startPipeline } from './pipeline.ts'

type Values = Record<string, unknown>
interface Event {
  readonly at_ms: number
  readonly session: string
  readonly values: Values
}

/** A rehearsal also reports what encoders and edges would. */
const SERVER_KEY = 'server-key-of-the-rehearsal'

/** Requests under way at once. */
const AT_ONCE = 64

/** A rehearsal's reports as a client sends them: JSON over HTTP, through the whole pipeline. */
export async function overHttp(
  judge: Judge,
  start_ms: number,
): Promise<RehearsalPath & { readonly requests: number }> {
  let requests = 0
  const pipeline = await startPipeline({
    judge,
    start_ms,
    keys: { rehearsal: { tenant: 'rehearsal' }, [SERVER_KEY]: { tenant: 'rehearsal', role: 'server' } },
  })
  let waiting: Event[] = []

  async function send(session: string, events: readonly Event[]): Promise<void> {
    requests += 1
    const answer = await postPatiently(pipeline.url, {
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
      pipeline.clock(watermark_ms - 500)
      const bySession = new Map<string, Event[]>()
      for (const event of due) bySession.set(event.session, [...(bySession.get(event.session) ?? []), event])
      const queue = [...bySession]
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let next = queue.pop(); next !== undefined; next = queue.pop()) await send(...next)
        }),
      )
      return pipeline.judged(watermark_ms)
    },
    close: pipeline.close,
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
