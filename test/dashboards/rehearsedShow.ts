import { readFileSync } from 'node:fs'
import { rehearse } from '../../main/rehearse.ts'
import type { Incident } from '../../processor/watch/incident/incident.ts'
import { incidentRow } from '../../processor/watch/incident/row.ts'
import { parseScenario } from '../../rehearsal/parse_scenario.ts'
import { createShow } from '../../rehearsal/show.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { END_OF_STREAM, schemaMessage } from '../../schemas/arrow/schema.ts'
import { columnsOf, type Table } from '../../schemas/derive/columns.ts'
import { ddl } from '../../schemas/derive/ddl.ts'
import type { Store } from '../../store/client.ts'

export interface RehearsedShow {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly from_ms: number
  readonly to_ms: number
  /** A session that stalled. */
  readonly session: string
}

/** All rows of a table as one insert; the views fill the rollups. */
export async function insertMessages(
  store: Store,
  table: Table,
  messages: readonly Uint8Array[],
  token: string,
): Promise<void> {
  if (messages.length === 0) return
  await store.insertArrow({
    table,
    columns: columnsOf(table).map(({ name }) => name),
    chunks: [schemaMessage(table), ...messages, END_OF_STREAM],
    token,
  })
}

/** Rows as objects by column names. */
export async function insertObjects(
  store: Store,
  table: Table,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const builder = createBuilder(table, { capacity: rows.length })
  for (const row of rows) builder.pushRow(row)
  await insertMessages(store, table, [builder.finish()], `${table}-objects-${rows.length}`)
}

const APPS = ['shop', 'video', 'news'] as const

/** What rehearsals leave out: rounds and their cues, co-hosting, a dead letter. */
async function insertGame(store: Store, show: Omit<RehearsedShow, 'session'>): Promise<void> {
  const common = { tenant: show.tenant, show: show.show, stream: show.stream, source: 'sdk', weight: 1 }
  const cues: Record<string, unknown>[] = []
  const interactions: Record<string, unknown>[] = []
  const legs: Record<string, unknown>[] = []
  for (let at = show.from_ms + 20_000; at < show.to_ms - 20_000; at += 60_000) {
    const round = `round-${Math.round((at - show.from_ms) / 60_000) + 1}`
    for (const [nth, app] of APPS.entries()) {
      for (const [stage, since] of [
        ['triggered', 0],
        ['inserted', 40],
        ['emitted', 600],
        ['shown', 1500 + nth * 700],
      ] as const) {
        const time = at + since
        cues.push({
          ...common,
          app,
          session: `${app}-page`,
          received_time: time,
          event_time: time,
          round,
          stage,
          since_trigger_ms: since,
          skew_ms: stage === 'shown' ? 30 * nth : undefined,
        })
      }
      for (let person = 0; person < 40; person += 1) {
        const time = at + 2_000 + person * 120
        interactions.push({
          ...common,
          app,
          session: `${app}-${person}`,
          viewer: `viewer-${app}-${person}`,
          container: 'app',
          received_time: time,
          event_time: time,
          action: 'red_packet',
          outcome: person % 20 === 0 ? 'failed' : 'success',
          round,
          channel: 'push',
          rtt_ms: 90 + person,
          skew_ms: nth * 20,
          messages_expected: 10,
          messages_received: person % 10 === 0 ? 9 : 10,
        })
      }
    }
  }
  for (let at = show.from_ms; at < show.to_ms; at += 5_000)
    legs.push({
      ...common,
      app: 'shop',
      session: 'host',
      received_time: at,
      event_time: at,
      interval_ms: 5_000,
      peer: 'guest',
      direction: 'in',
      rtt_ms: 40,
      jitter_ms: 4,
      packets_received: 500,
      packets_lost: 2,
      freeze_ms: (at / 5_000) % 7 < 1 ? 200 : 0,
      end_to_end_latency_ms: 260,
    })
  await insertObjects(store, 'cue', cues)
  await insertObjects(store, 'interaction', interactions)
  await insertObjects(store, 'cohost', legs)
  await insertObjects(store, 'dead_letter', [
    {
      tenant: show.tenant,
      received_time: show.from_ms + 9_000,
      stage: 'collector',
      code: 'out_of_range',
      kind: 'heartbeat',
      session: 's',
      detail: 'played_ms: above 3600000',
      body: '{}',
    },
  ])
}

/** Plays a scenario into an empty store, through the real watcher's incidents, so that it ended a moment ago. */
export async function playInto(
  store: Store,
  { end_ms, scenario: file = 'two-at-once' }: { readonly end_ms: number; readonly scenario?: string },
): Promise<RehearsedShow> {
  const path = new URL(`../../rehearsal/scenarios/${file}.yaml`, import.meta.url)
  const parsed = parseScenario(readFileSync(path, 'utf8'))
  if ('errors' in parsed) throw new Error(parsed.errors.map(({ message }) => message).join('; '))
  const { scenario } = parsed
  const start_time = Math.floor(end_ms / 60_000) * 60_000 - Math.ceil(scenario.length_s / 60) * 60_000
  for (const statement of ddl({ database: 'firstframe' })) await store.exec(statement)
  const show = createShow({ scenario, start_time })
  const messages = new Map<Table, Uint8Array[]>()
  for (let at = 1_000; at <= scenario.length_s * 1_000; at += 1_000) {
    for (const { kind, bytes } of show.advance(at)) messages.set(kind, [...(messages.get(kind) ?? []), bytes])
  }
  for (const [kind, parts] of messages) await insertMessages(store, kind, parts, `${kind}-rehearsed`)
  const { happenings } = await rehearse({ scenario, start_time })
  await store.insertRows({
    table: 'incident',
    rows: happenings.map(({ incident }) => timesAsText(incidentRow(incident as unknown as Incident))),
  })
  const seen = (
    await store.query<{ tenant: string; show: string; stream: string; session: string }>(
      `SELECT tenant, show, stream, session FROM heartbeat WHERE stalled_ms > 0 AND NOT synthetic
       GROUP BY ALL HAVING max(received_time) > fromUnixTimestamp64Milli(toInt64(${start_time + scenario.length_s * 1_000 - 60_000}))
       ORDER BY sum(stalled_ms) DESC LIMIT 1`,
    )
  )[0]!
  const played = {
    ...seen,
    from_ms: start_time,
    to_ms: start_time + Math.ceil(scenario.length_s / 60) * 60_000,
  }
  await insertGame(store, { ...played, to_ms: start_time + scenario.length_s * 1_000 })
  return played
}

const timesAsText = (row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('_time')
        ? new Date(value as number).toISOString().replace('T', ' ').replace('Z', '')
        : value,
    ]),
  )
