import type { Store } from '../../store/client.ts'
import type { Found } from '../api.ts'
import type { Incidents } from './incidents.ts'

/** Names are looked for within a day, sessions within an hour: a session is looked for in raw rows. */
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const EACH_MOST = 8

/** Shorter texts find too much: sessions are looked for from three letters on. */
const SESSION_LETTERS = 3

/** Shows, streams, incidents and sessions whose name has a text in it, in this order, at most eight of each. */
export async function search(
  { store, incidents }: { readonly store: Store; readonly incidents: Incidents },
  { tenant, text, now_ms }: { readonly tenant: string; readonly text: string; readonly now_ms: number },
): Promise<Found[]> {
  const params = { tenant, text, from_ms: now_ms - DAY_MS, hour_ms: now_ms - HOUR_MS }
  const since = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`
  const [named, sessions, listed] = await Promise.all([
    store.query<{ show: string; stream: string }>(
      `SELECT DISTINCT show, stream FROM (
         SELECT show, stream FROM heartbeat_stream_10s WHERE tenant = {tenant:String} AND time >= ${since('from_ms')} GROUP BY show, stream
         UNION ALL SELECT show, stream FROM hop_10s WHERE tenant = {tenant:String} AND time >= ${since('from_ms')} GROUP BY show, stream
       ) WHERE positionCaseInsensitiveUTF8(show, {text:String}) > 0 OR positionCaseInsensitiveUTF8(stream, {text:String}) > 0 ORDER BY show, stream LIMIT 200`,
      { params },
    ),
    text.length < SESSION_LETTERS
      ? []
      : store.query<{ session: string; show: string }>(
          `SELECT session, any(show) AS show FROM heartbeat WHERE tenant = {tenant:String} AND received_time >= ${since('hour_ms')} AND startsWith(session, {text:String}) GROUP BY session ORDER BY session LIMIT ${EACH_MOST}`,
          { params },
        ),
    incidents.list({ tenant, from_ms: now_ms - DAY_MS, to_ms: now_ms + 1, limit: 500 }),
  ])
  const low = text.toLowerCase()
  const has = (name: string) => name.toLowerCase().includes(low)
  const shows = [...new Set(named.map(({ show }) => show))].filter((show) => show !== '' && has(show))
  return [
    ...shows.slice(0, EACH_MOST).map((show): Found => ({ kind: 'show', id: show, show })),
    ...named
      .filter(({ stream }) => stream !== '' && has(stream))
      .slice(0, EACH_MOST)
      .map(({ show, stream }): Found => ({ kind: 'stream', id: stream, show })),
    ...listed
      .filter(({ id, show, stream, summary_en, summary_zh, cause }) =>
        [id, show, stream, summary_en, summary_zh, ...Object.values(cause)].some(has),
      )
      .slice(0, EACH_MOST)
      .map(
        ({ id, show, summary_en, summary_zh }): Found => ({
          kind: 'incident',
          id,
          show,
          text_en: summary_en,
          text_zh: summary_zh,
        }),
      ),
    ...sessions.map(({ session, show }): Found => ({ kind: 'session', id: session, show })),
  ]
}
