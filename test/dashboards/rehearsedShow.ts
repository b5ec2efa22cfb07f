import { readFileSync } from 'node:fs'
import { bookingsOf } from '../../main/demo/bookings.ts'
import { rehearse } from '../../main/rehearse.ts'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
import type { Scenario } from '../../rehearsal/scenarioSchema.ts'
import { createShow } from '../../rehearsal/show.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { END_OF_STREAM, schemaMessage } from '../../schemas/arrow/schema.ts'
import { columnsOf, type Table } from '../../schemas/derive/columns.ts'
import { ddl } from '../../schemas/derive/ddl.ts'
import type { Incident } from '../../schemas/incident.ts'
import { incidentRow } from '../../schemas/incidentRow.ts'
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
  into: string = table,
): Promise<void> {
  if (messages.length === 0) return
  await store.insertArrow({
    table: into,
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

const MESSAGES_AN_INSERT = 300

/** What rehearsals leave out, from what they tell: who a session is of, codecs and their bytes, requests, phases of a start, messages. */
const MORE: Partial<Record<Table, string>> = {
  heartbeat: `concat('v', toString(cityHash64(session) % 4000)) AS viewer, ['h264', 'h265', 'av1'][1 + cityHash64(session) % 3] AS codec,
    'hls' AS protocol, toUInt64(ifNull(bitrate_kbps, 0) * played_ms / 8 * if(cityHash64(session) % 3 = 0, 1, 0.65)) AS bytes,
    toUInt64(ifNull(bitrate_kbps, 0) * played_ms / 8) AS bytes_reference, toUInt64(ifNull(bitrate_kbps, 0) * played_ms / 8 * (cityHash64(session, seq) % 20) / 100) AS bytes_p2p,
    toFloat32(ifNull(bitrate_kbps, 0) * (2 + cityHash64(session, seq) % 300 / 100)) AS bandwidth_kbps, toUInt32(5) AS requests,
    toUInt32(stalled_ms > 2000 AND cityHash64(session, seq) % 2 = 0) AS requests_failed, toUInt32(1) AS reports_expected,
    toUInt32(cityHash64(session, seq) % 300 > 0) AS reports_received,
    toUInt32(played_ms * (cityHash64(session, seq) % 20 = 0)) AS fast_ms, toUInt32(played_ms * (cityHash64(session, seq) % 40 = 1)) AS slow_ms,
    toUInt16(cityHash64(session, seq) % 20 = 0) AS catch_ups, toInt32(900 * (cityHash64(session, seq) % 20 = 0)) AS caught_up_ms`,
  startup: `toFloat32(cityHash64(session) % 24) AS dns_ms, toFloat32(12 + cityHash64(session) % 30) AS tcp_ms, toFloat32(20 + cityHash64(session) % 30) AS tls_ms,
    toFloat32(15 + cityHash64(session) % 20) AS demux_ms, toFloat32(8 + cityHash64(session) % 12) AS render_ms,
    if(outcome = 'failed', if(cityHash64(session) % 3 = 0, 'http_502', 'manifest_timeout'), '') AS error_code,
    if(outcome = 'failed', 'the manifest did not come', '') AS error_message`,
  interaction: `['push', 'poll'][1 + cityHash64(session) % 2] AS channel, ['app', 'h5', 'mini-program'][1 + cityHash64(session) % 3] AS container,
    toUInt32(10) AS messages_expected, toUInt32(10 - (cityHash64(session, seq) % 700 = 0)) AS messages_received,
    toUInt32(cityHash64(session, seq) % 90 = 0) AS messages_duplicated, toUInt32(cityHash64(session, seq) % 60 = 0) AS messages_disordered,
    toUInt32(10) AS messages_timed, toFloat32(120 + cityHash64(session, seq) % 90) AS message_delay_ms`,
}

/** A rehearsal's messages of one kind, with what they leave out filled in on the way. */
async function insertRehearsed(store: Store, table: Table, messages: readonly Uint8Array[]): Promise<void> {
  const more = MORE[table]
  const into = more === undefined ? table : `rehearsed_${table}`
  if (more !== undefined) await store.exec(`CREATE TABLE ${into} AS ${table}`)
  for (let at = 0; at < messages.length; at += MESSAGES_AN_INSERT)
    await insertMessages(store, table, messages.slice(at, at + MESSAGES_AN_INSERT), `${table}-${at}`, into)
  if (more === undefined) return
  await store.exec(`INSERT INTO ${table} SELECT * REPLACE (${more}) FROM ${into}`)
  await store.exec(`DROP TABLE ${into}`)
}

const APPS = ['shop', 'video', 'news'] as const

/** The room's API: two routes, each a report a second. */
function roomApi(show: Omit<RehearsedShow, 'session'>): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = []
  for (let at = show.from_ms; at < show.to_ms; at += 1_000)
    for (const [nth, node] of ['GET /room', 'POST /draw'].entries())
      rows.push({
        ...{ tenant: show.tenant, show: show.show, stream: show.stream, source: 'otlp', weight: 1 },
        ...{ session: node, received_time: at, event_time: at, hop: 'interaction', node, status: 'up' },
        ...{ interval_ms: 1_000, requests: 400, status_2xx: 400 - nth, status_5xx: nth },
        ttfb_ms: Math.round(14 + 40 * nth + 4 * Math.sin(at / 60_000)),
      })
  return rows
}

/** What hangs beside the link while all of it is well, a report in two seconds. */
function besideLink(show: Omit<RehearsedShow, 'session'>): Record<string, unknown>[] {
  const branches: Readonly<Record<string, object>> = {
    publish: { event: 'accepted' },
    record: { event: 'record', bitrate_out_kbps: 4_000 },
    push: { bitrate_out_kbps: 4_000, lag_ms: 180 },
    standby: { fps_out: 30 },
    screen: { rtt_ms: 140 },
    ladder: { renditions_promised: 3, renditions_delivered: 3 },
  }
  const rows: Record<string, unknown>[] = []
  for (let at = show.from_ms; at < show.to_ms; at += 2_000)
    for (const [hop, values] of Object.entries(branches))
      rows.push({
        ...{ tenant: show.tenant, show: show.show, stream: show.stream, source: 'agent', weight: 1 },
        ...{ session: hop, received_time: at, event_time: at, hop, node: `${hop}-1`, status: 'up' },
        ...{ interval_ms: 2_000, ...values },
      })
  return rows
}

/** What rehearsals leave out: rounds and their cues, co-hosting, a dead letter. */
/** What the reward platform and the shop booked, a round each two minutes. */
function bookings(
  show: Omit<RehearsedShow, 'session'>,
  faults: Scenario['faults'],
): Record<string, unknown>[] {
  const length_s = (show.to_ms - show.from_ms) / 1000
  const rounds = Array.from({ length: Math.floor(length_s / 120) }, (_, index) => ({
    at_s: 60 + index * 120,
    round: `round-1-${index + 1}`,
  }))
  const { tenant, stream } = show
  return bookingsOf({ faults, length_s }, rounds, { show: show.show, stream })(length_s, show.to_ms).map(
    ({ time_ms, ...event }) => ({ ...event, tenant, weight: 1, event_time: time_ms, received_time: time_ms }),
  )
}

async function insertGame(
  store: Store,
  show: Omit<RehearsedShow, 'session'>,
  { interacts, faults }: { readonly interacts: boolean; readonly faults: Scenario['faults'] },
): Promise<void> {
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
          messages_expected: 10,
          messages_received: person % 10 === 0 ? 9 : 10,
          messages_timed: 10,
          message_delay_ms: 100 + person,
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
      freeze_ms: Math.round(30 + 25 * Math.sin(at / 200_000)),
      end_to_end_latency_ms: Math.round(260 + 20 * Math.sin(at / 90_000)),
    })
  await insertObjects(store, 'cue', cues)
  if (interacts) await insertObjects(store, 'interaction', interactions)
  await insertObjects(store, 'cohost', legs)
  await insertObjects(store, 'hop', [...roomApi(show), ...besideLink(show)])
  const released_ms = show.from_ms + 30_000
  await insertObjects(store, 'change', [
    {
      ...{
        tenant: show.tenant,
        show: show.show,
        received_time: released_ms,
        event_time: released_ms,
        weight: 1,
      },
      ...{ changed: 'player', version: '4.9.3', detail: 'rolled out', by: 'release job' },
    },
  ])
  await insertObjects(store, 'ledger', bookings(show, faults))
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

export interface RehearsalOptions {
  readonly end_ms: number
  readonly file?: URL
}

/** A rehearsal as it was played: messages by kind, and incidents as the real watcher told them. */
export interface Rehearsal {
  readonly faults: Scenario['faults']
  readonly start_time: number
  readonly length_ms: number
  readonly rounds: boolean
  readonly messages: ReadonlyMap<Table, readonly Uint8Array[]>
  readonly incidents: readonly Incident[]
}

/**
 * Plays a scenario so that it ends a moment ago. It computes without a pause: a store that is supervised from this process would be held
 * to hang meanwhile, so long ones are played before one is started.
 */
export async function play({
  end_ms,
  file = new URL('../../rehearsal/scenarios/two-at-once.yaml', import.meta.url),
}: RehearsalOptions): Promise<Rehearsal> {
  const parsed = parseScenario(readFileSync(file, 'utf8'))
  if ('errors' in parsed) throw new Error(parsed.errors.map(({ message }) => message).join('; '))
  const { scenario } = parsed
  const start_time = Math.floor(end_ms / 60_000) * 60_000 - Math.ceil(scenario.length_s / 60) * 60_000
  const show = createShow({ scenario, start_time })
  const messages = new Map<Table, Uint8Array[]>()
  for (let at = 1_000; at <= scenario.length_s * 1_000; at += 1_000) {
    for (const { kind, bytes } of show.advance(at)) {
      const list = messages.get(kind) ?? []
      list.push(bytes)
      messages.set(kind, list)
    }
  }
  const { happenings } = await rehearse({ scenario, start_time })
  return {
    start_time,
    faults: scenario.faults,
    length_ms: scenario.length_s * 1_000,
    rounds: scenario.audience.pulses !== undefined,
    messages,
    incidents: happenings.map(({ incident }) => incident as unknown as Incident),
  }
}

/** Puts a rehearsal into an empty store, with what rehearsals leave out. */
export async function insertRehearsal(
  store: Store,
  { start_time, length_ms, faults, rounds, messages, incidents }: Rehearsal,
): Promise<RehearsedShow> {
  for (const statement of ddl({ database: 'firstframe' })) await store.exec(statement)
  for (const [kind, parts] of messages) await insertRehearsed(store, kind, parts)
  await store.insertRows({
    table: 'incident',
    rows: incidents.map((incident) => timesAsText(incidentRow(incident))),
  })
  const seen = (
    await store.query<{ tenant: string; show: string; stream: string; session: string }>(
      `SELECT tenant, show, stream, session FROM heartbeat WHERE stalled_ms > 0 AND NOT synthetic
       GROUP BY ALL HAVING max(received_time) > fromUnixTimestamp64Milli(toInt64(${start_time + length_ms - 60_000}))
       ORDER BY sum(stalled_ms) DESC LIMIT 1`,
    )
  )[0]!
  const played = {
    ...seen,
    from_ms: start_time,
    to_ms: start_time + Math.ceil(length_ms / 60_000) * 60_000,
  }
  await insertGame(store, { ...played, to_ms: start_time + length_ms }, { interacts: !rounds, faults })
  return played
}

/** Plays a scenario into an empty store, through the real watcher's incidents. */
export const playInto = async (store: Store, options: RehearsalOptions): Promise<RehearsedShow> =>
  insertRehearsal(store, await play(options))

const timesAsText = (row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('_time')
        ? new Date(value as number).toISOString().replace('T', ' ').replace('Z', '')
        : value,
    ]),
  )
