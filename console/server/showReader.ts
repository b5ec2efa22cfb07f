import type { IncidentView } from '../../schemas/incident.ts'
import type { Store } from '../../store/client.ts'
import type { ShowList, Snapshot } from '../api.ts'
import { type Axis, axisOf, SETTLE_MS } from '../windows.ts'
import type { Query } from './apiRequest.ts'
import type { Incidents } from './incidents.ts'
import { readEarlier, readRuns } from './readEarlier.ts'
import { ENDED_MS, readLast } from './readEnded.ts'
import { readHeard, type Subject } from './readShow.ts'
import { asItStood, compose, incidentsOf, readFacts, readShowList, type ShowFacts } from './snapshot.ts'

/** Which shows ended within a day is read again after this time, ms. */
const LAST_MS = 30_000

type Remembered<T> = (key: string, now_ms: number) => Promise<T>

/** Keeps what was read for a key for some time; a failure is not kept. */
function remembered<T>(keep_ms: number, read: (key: string) => Promise<T>): Remembered<T> {
  const kept = new Map<string, { readonly read_ms: number; readonly value: Promise<T> }>()
  return (key, now_ms) => {
    const known = kept.get(key)
    if (known !== undefined && now_ms - known.read_ms < keep_ms) return known.value
    const value = read(key)
    kept.set(key, { read_ms: now_ms, value })
    value.catch(() => kept.delete(key))
    return value
  }
}

/** Of a query, what the axis of the page follows. */
export type AxisQuery = Pick<Query, 'range' | 'compare'>

/** A snapshot, with what was read for it. */
export interface Shown {
  readonly facts: ShowFacts
  readonly shown: Snapshot
}

/** Reads shows as the page shows them: now, at a moment of the past, and all of a tenant. */
export class ShowReader {
  private readonly store: Store
  private readonly incidents: Incidents
  private readonly clock: () => number
  /** When each show was on, by tenant and show. */
  private readonly runsOfShow: Remembered<Awaited<ReturnType<typeof readRuns>>>
  /** The last moment of each show of a tenant. */
  private readonly lastShows: Remembered<Awaited<ReturnType<typeof readLast>>>

  constructor(store: Store, incidents: Incidents, clock: () => number) {
    this.store = store
    this.incidents = incidents
    this.clock = clock
    this.runsOfShow = remembered(LAST_MS, (key) => {
      const [tenant = '', show = ''] = JSON.parse(key) as string[]
      return readRuns(store, { tenant, show }, clock())
    })
    this.lastShows = remembered(LAST_MS, (tenant) => readLast(store, { tenant, now_ms: clock() }))
  }

  /** The newest moment that is settled, ms since the epoch. */
  now_ms(): number {
    return Math.floor((this.clock() - SETTLE_MS) / 1000) * 1000
  }

  /** @param why `change`: an incident changed, and nothing else is read anew */
  async live(
    subject: Subject,
    previous: Shown | undefined,
    why: string,
    query: AxisQuery = {},
  ): Promise<Shown> {
    const at_ms = this.now_ms()
    const axis = await this.axisFor(subject, query, at_ms)
    const listed = await incidentsOf(this.incidents, subject, at_ms, this.clock(), axis)
    if (previous?.shown.ended !== undefined && (await this.isStillOver(subject, at_ms, listed)))
      return previous
    // A changed incident is told with what was read last: no further query stands between the finding and the page.
    const facts =
      why === 'change' && previous !== undefined
        ? previous.facts
        : await readFacts(this.store, subject, at_ms, listed, previous?.facts, axis)
    const earlier = await this.earlierFor(subject, query, at_ms, axis)
    const shown = compose({ subject, at_ms, live: true, facts, incidents: listed, earlier })
    if (at_ms - shown.data_ms <= ENDED_MS || listed.some(({ state }) => state === 'open'))
      return { facts, shown }
    return (await this.lastPicture(subject, at_ms, axis)) ?? { facts, shown }
  }

  async past(subject: Subject, at_ms: number, query: AxisQuery): Promise<Snapshot> {
    const axis = await this.axisFor(subject, query, at_ms)
    const { listed, facts } = await this.asItWas(subject, at_ms, at_ms, axis)
    const earlier = await this.earlierFor(subject, query, at_ms, axis)
    return compose({ subject, at_ms, live: false, facts, incidents: listed, earlier })
  }

  /** @param at ms since the epoch; undefined: now */
  async list(tenant: string, at: number | undefined): Promise<ShowList> {
    const { store, incidents, clock } = this
    const live = at === undefined
    const last = live ? await this.lastShows(tenant, clock()) : {}
    return readShowList({
      ...{ store, incidents, tenant, live, last },
      at_ms: at ?? this.now_ms(),
      now_ms: at ?? clock(),
    })
  }

  private runs({ tenant, show }: Subject) {
    return this.runsOfShow(JSON.stringify([tenant, show]), this.clock())
  }

  /** The axis that was asked for: a length, or since the show began. */
  private async axisFor(subject: Subject, { range }: AxisQuery, at_ms: number): Promise<Axis> {
    if (range !== 'show') return axisOf(range)
    const run = (await this.runs(subject)).findLast(({ from_ms }) => from_ms <= at_ms)
    return axisOf(run === undefined ? undefined : at_ms - run.from_ms + 60_000)
  }

  private async earlierFor(subject: Subject, { compare }: AxisQuery, at_ms: number, axis: Axis) {
    if (compare === undefined) return undefined
    return readEarlier(this.store, subject, await this.runs(subject), at_ms, axis)
  }

  /** Whether a show that was over still is: nothing new was heard, no incident is open. */
  private async isStillOver(subject: Subject, at_ms: number, listed: readonly IncidentView[]) {
    if (listed.some(({ state }) => state === 'open')) return false
    return Object.keys(await readHeard(this.store, subject, at_ms)).length === 0
  }

  /** The last picture of a show that is over; undefined where it was never on within a day. */
  private async lastPicture(subject: Subject, now_ms: number, axis: Axis): Promise<Shown | undefined> {
    const { tenant, show } = subject
    const ended = (await readLast(this.store, { tenant, show, now_ms }))[show]
    if (ended === undefined || now_ms - ended.at_ms <= ENDED_MS) return undefined
    const { at_ms } = ended
    const { listed, facts } = await this.asItWas(subject, at_ms, now_ms, axis)
    return { facts, shown: compose({ subject, at_ms, live: true, facts, incidents: listed, ended }) }
  }

  /** A moment of the past, with its incidents as they are known at `now_ms`. */
  private async asItWas(subject: Subject, at_ms: number, now_ms: number, axis: Axis) {
    const known = await incidentsOf(this.incidents, subject, at_ms, at_ms, axis)
    const listed = known.map((entry) => asItStood(entry, now_ms))
    const facts = await readFacts(this.store, subject, at_ms, listed, undefined, axis)
    return { listed, facts }
  }
}
