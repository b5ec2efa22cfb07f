import type { Log } from '../../log/log.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import type { IncidentView } from '../../schemas/incident.ts'
import { type IncidentRow, incidentView } from '../../schemas/incidentRow.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import type { Store } from '../../store/client.ts'
import { limitedStore } from './timeLimit.ts'

const NAMES = columnsOf('incident').map(({ name }) => name)
const SELECT = columnsOf('incident')
  .map(({ name, field }) => (field.type === 'time' ? `toUnixTimestamp64Milli(${name}) AS ${name}` : name))
  .join(', ')

export interface Incidents {
  /** Incidents that were open at some time of a range, newest first; as they stand now. */
  list(options: {
    tenant: string
    show?: string
    stream?: string
    from_ms: number
    to_ms: number
    limit?: number
  }): Promise<IncidentView[]>
  one(tenant: string, id: string): Promise<IncidentView | undefined>
  /** Calls back as soon as the watcher has found, changed or closed one. Returns how to stop. */
  onChange(callback: (incident: IncidentView) => void): () => void
  close(): Promise<void>
}

/** Whether an incident is felt in a show or stream: its own, or one of those that joined it. */
const concerns = (incident: IncidentView, show: string | undefined, stream: string | undefined): boolean =>
  [incident, ...incident.streams].some(
    (each) => (show === undefined || each.show === show) && (stream === undefined || each.stream === stream),
  )

/** The same as a condition on the table. */
function concernsSql(show: string | undefined, stream: string | undefined): string {
  const names = [show === undefined ? [] : ['show'], stream === undefined ? [] : ['stream']].flat()
  const own = names.map((name) => `${name} = {${name}:String}`).join(' AND ')
  const joined = names.map((name) => `JSONExtractString(each, '${name}') = {${name}:String}`).join(' AND ')
  return `((${own}) OR arrayExists(each -> ${joined}, JSONExtractArrayRaw(streams)))`
}

/** Most recent changes kept in memory, until the store has them for sure. */
const RECENT = 500

/**
 * Incidents from the store, and what is newer from the log: a finding is on the page before it is in the table.
 * Without a log (a console elsewhere) the store alone tells.
 */
export async function watchIncidents({
  store: whole,
  log,
  name,
}: {
  readonly store: Store
  readonly log: Log | undefined
  readonly name: string
}): Promise<Incidents> {
  const store = limitedStore(whole)
  const recent = new Map<string, IncidentView>()
  const listeners = new Set<(incident: IncidentView) => void>()
  const subscription = await log?.subscribe({
    group: `console-${name}`,
    topics: [topicOf('incident')],
    assigned: async ({ begin, end }) => Math.max(begin, end - RECENT),
    handler: async ({ records }) => {
      for (const { headers, value } of records) {
        if (headers[HEADERS.type] !== 'rows') continue
        const batch = readBatch('incident', value, NAMES)
        for (let row = 0; row < batch.rows; row += 1) {
          const incident = incidentView(
            Object.fromEntries(
              NAMES.map((each) => [each, batch.column(each).at(row)]),
            ) as unknown as IncidentRow,
          )
          recent.delete(incident.id)
          recent.set(incident.id, incident)
          if (recent.size > RECENT) recent.delete(recent.keys().next().value!)
          for (const listener of listeners) listener(incident)
        }
      }
    },
  })

  function newest(rows: readonly IncidentRow[], fits: (incident: IncidentView) => boolean): IncidentView[] {
    const found = new Map(rows.map((row) => [String(row.id), incidentView(row)]))
    for (const incident of recent.values()) {
      const known = found.get(incident.id)
      if (fits(incident) && (known === undefined || known.version < incident.version))
        found.set(incident.id, incident)
    }
    return [...found.values()].sort((a, b) => b.opened_ms - a.opened_ms)
  }

  return {
    async list({ tenant, show, stream, from_ms, to_ms, limit = 100 }) {
      const conditions = ['tenant = {tenant:String}', 'opened_time < fromUnixTimestamp64Milli({to_ms:Int64})']
      conditions.push("(state = 'open' OR resolved_time >= fromUnixTimestamp64Milli({from_ms:Int64}))")
      if (show !== undefined || stream !== undefined) conditions.push(concernsSql(show, stream))
      const params = {
        tenant,
        from_ms: Math.floor(from_ms),
        to_ms: Math.floor(to_ms),
        show,
        stream,
      }
      const rows = await store.query<IncidentRow>(
        `SELECT ${SELECT} FROM (SELECT * FROM incident FINAL WHERE ${conditions.join(' AND ')} ORDER BY opened_time DESC LIMIT ${limit})`,
        { params },
      )
      return newest(
        rows,
        (incident) =>
          incident.tenant === tenant &&
          concerns(incident, show, stream) &&
          incident.opened_ms < to_ms &&
          (incident.state === 'open' || incident.resolved_ms >= from_ms),
      ).slice(0, limit)
    },
    async one(tenant, id) {
      const rows = await store.query<IncidentRow>(
        `SELECT ${SELECT} FROM (SELECT * FROM incident FINAL WHERE tenant = {tenant:String} AND id = {id:String})`,
        { params: { tenant, id } },
      )
      return newest(rows, (incident) => incident.id === id && incident.tenant === tenant)[0]
    },
    onChange(callback) {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
    async close() {
      await subscription?.close()
    },
  }
}
