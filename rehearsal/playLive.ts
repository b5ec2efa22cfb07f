import { readBatch } from '../schemas/arrow/reader.ts'
import { BEACON_LIMITS, type BeaconEvent } from '../schemas/beacon.ts'
import { columnsOf } from '../schemas/derive/columns.ts'
import { DIMENSIONS } from '../schemas/dimensions.ts'
import { KINDS, type Kind } from '../schemas/kinds/kinds.ts'
import type { Scenario } from './scenarioSchema.ts'
import { createShow } from './show.ts'

/** What a client may say of each kind; the rest is the collector's, and the operator comes in a header. */
const FIELDS = Object.fromEntries(
  Object.keys(KINDS).map((kind) => [
    kind,
    columnsOf(kind as Kind)
      .map(({ name }) => name)
      .filter(
        (name) =>
          name in KINDS[kind as Kind].fields ||
          name === 'seq' ||
          name === 'weight' ||
          name === 'synthetic' ||
          (name in DIMENSIONS && DIMENSIONS[name as keyof typeof DIMENSIONS].from !== 'collector'),
      )
      .filter((name) => !['isp', 'country', 'tenant', 'source'].includes(name)),
  ]),
) as Record<Kind, string[]>

interface Sent {
  readonly isp: string
  readonly event: BeaconEvent
}

function eventsOf(kind: Kind, bytes: Uint8Array): Sent[] {
  const names = FIELDS[kind]
  const batch = readBatch(kind, bytes, [...names, 'isp', 'event_time'])
  return Array.from({ length: batch.rows }, (_, row) => {
    const event: Record<string, unknown> = { kind, time_ms: batch.column('event_time').at(row) }
    for (const name of names) {
      const value = batch.column(name).at(row)
      if (value !== null && value !== '') event[name] = value
    }
    return { isp: String(batch.column('isp').at(row) ?? ''), event: event as unknown as BeaconEvent }
  })
}

/** A rehearsal that is played in real time. */
export interface LiveRehearsal {
  /** Beacons that were not taken. */
  failures(): number
  stop(): Promise<void>
  /** The scenario's faults begin now, whatever it says about when; returns the time. */
  strike(): number
  /** They are over. */
  mend(): number
}

/**
 * Plays a rehearsal's scenario in real time, as beacons over HTTP to a collector that trusts this machine as a proxy. Its
 * faults come when the scenario says, or wait for `strike`, so that a slow machine delays the show and not a test.
 */
export function playLive(options: {
  readonly url: string
  readonly scenario: Scenario
  readonly clock: () => number
  /** A server key: a rehearsal also says what encoders and edges would. */
  readonly key: string
  /** Faults come when the scenario says. Default: they wait for `strike`. */
  readonly scripted?: boolean
  /** What is reported beside the scenario's own events, up to this second of the show. */
  readonly beside?: (second: number) => readonly BeaconEvent[]
}): LiveRehearsal {
  const { url, scenario, clock, key } = options
  const start_ms = Math.ceil(clock() / 1000) * 1000
  const show = createShow({ scenario, start_time: start_ms })
  const when = (change: { from_ms: number; to_ms: number }) => {
    for (const trouble of show.troubles) Object.assign(trouble, change)
  }
  if (!options.scripted) when({ from_ms: Number.POSITIVE_INFINITY, to_ms: Number.POSITIVE_INFINITY })
  let struck_ms = Number.POSITIVE_INFINITY
  let failures = 0
  let busy: Promise<void> | undefined

  async function send(isp: string, events: readonly BeaconEvent[]): Promise<void> {
    const headers: Record<string, string> = { 'content-type': 'text/plain' }
    if (isp !== '')
      Object.assign(headers, {
        'x-forwarded-for': '203.0.113.7',
        'x-firstframe-isp': isp,
        'x-firstframe-country': 'CN',
      })
    const body = JSON.stringify({ key, sent_ms: clock(), events })
    const answer = await fetch(`${url}/v1/beacons`, { method: 'POST', headers, body }).catch(() => undefined)
    if (answer?.status !== 204) failures += 1
    await answer?.arrayBuffer()
  }

  async function sendDue(): Promise<void> {
    const to_ms = Math.min(clock() - start_ms, show.length_ms)
    if (to_ms <= 0) return
    const stated = new Map<string, BeaconEvent[]>()
    for (const { kind, bytes } of show.advance(to_ms))
      for (const { isp, event } of eventsOf(kind, bytes)) stated.set(isp, [...(stated.get(isp) ?? []), event])
    const beside = options.beside?.(Math.floor(to_ms / 1000)) ?? []
    if (beside.length > 0) stated.set('', [...(stated.get('') ?? []), ...beside])
    await Promise.all(
      [...stated].flatMap(([isp, events]) =>
        Array.from({ length: Math.ceil(events.length / BEACON_LIMITS.events) }, (_, part) =>
          send(isp, events.slice(part * BEACON_LIMITS.events, (part + 1) * BEACON_LIMITS.events)),
        ),
      ),
    )
  }

  const timer = setInterval(() => {
    busy ??= sendDue().finally(() => {
      busy = undefined
    })
  }, 250)
  return {
    strike() {
      struck_ms = clock() - start_ms
      when({ from_ms: struck_ms, to_ms: Number.POSITIVE_INFINITY })
      return clock()
    },
    mend() {
      when({ from_ms: struck_ms, to_ms: clock() - start_ms })
      return clock()
    },
    failures: () => failures,
    async stop() {
      clearInterval(timer)
      await busy
    },
  }
}
