import { createBuilder } from '../../../schemas/arrow/builder.ts'
import type { IncidentChange } from '../../../schemas/incident.ts'
import { createJudge } from '../incident/judge.ts'
import { createWatchCore } from '../watchCore.ts'
import { RUN_START } from './run.ts'

const CDNS = ['cdn-a', 'cdn-b', 'cdn-c']
const BEAT_S = 10

export interface RoomsOptions {
  readonly rooms: number
  readonly viewers: number
  /** Of each room, so many of the viewers behind `cdn-b` stall from `from_s` on. */
  readonly stalling: number
  readonly from_s: number
  readonly length_s: number
  /** Rooms that are ill; default all. */
  readonly ill?: (room: number) => boolean
}

/** Many small rooms at once, judged in virtual time: a third of each room's viewers behind each CDN, who beat every ten seconds. */
export function playRooms(options: RoomsOptions): (IncidentChange & { readonly at_s: number })[] {
  const { rooms, viewers, stalling, from_s, length_s, ill = () => true } = options
  const core = createWatchCore({ emit: () => {} })
  const judge = createJudge({
    emit: (fact) => {
      if (fact.type === 'bug') throw fact.error
    },
  })
  const changes: (IncidentChange & { readonly at_s: number })[] = []
  const random = createRandom(7)
  for (let at_s = 1; at_s <= length_s; at_s += 1) {
    const builder = createBuilder('heartbeat')
    for (let room = 0; room < rooms; room += 1) {
      for (let viewer = 0; viewer < viewers; viewer += 1) {
        const hurt =
          at_s >= from_s && ill(room) && viewer % CDNS.length === 1 && viewer < stalling * CDNS.length
        // Who stalls beats at once when the stall begins and ends; anybody stalls once in an hour.
        const stall = hurt ? random() < 0.25 : random() < 1 / 3600
        if (!stall && (at_s + room * 7 + viewer * 3) % BEAT_S !== 0) continue
        builder.pushRow({
          tenant: 't',
          show: `room-${room}`,
          stream: 'main',
          session: `${room}-${viewer}`,
          seq: at_s,
          source: 'sdk',
          app: viewer % 2 === 0 ? 'shop' : 'video',
          cdn: CDNS[viewer % CDNS.length]!,
          isp: ['telecom', 'unicom'][(viewer >> 1) % 2]!,
          region: ['Guangdong', 'Beijing'][(viewer >> 2) % 2]!,
          interval_ms: stall ? 2000 : 10_000,
          stall_count: stall ? 1 : 0,
          stalled_ms: stall ? 1500 : 0,
          played_ms: stall ? 500 : 10_000,
          received_time: RUN_START + at_s * 1000 - 500,
          event_time: RUN_START + at_s * 1000 - 500,
        })
      }
    }
    core.ingest({ kind: 'heartbeat', partition: 0, bytes: builder.finish() })
    const watermark_ms = RUN_START + at_s * 1000
    core.advance(watermark_ms)
    const output = judge.evaluate({ views: core.windows.streams.values(), watermark_ms })
    changes.push(...output.changes.map((change) => ({ ...change, at_s })))
  }
  return changes
}

/** Numbers between 0 and 1 that are the same each time. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
