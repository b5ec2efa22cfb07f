import { setTimeout as pause } from 'node:timers/promises'
import { audit, encoderIncidents, encoderSilences, lossBySession } from './audit.ts'
import { DEAF, FAULTS, type Fault } from './faults.ts'
import { type Load, startLoad } from './load.ts'
import { type Pipeline, type PipelineOptions, startPipeline } from './pipeline.ts'
import { startSlowProxy } from './slowProxy.ts'

export interface ChaosOptions {
  readonly faults: readonly Fault[]
  readonly events_per_s: number
  /** From one fault to the next, ms; it is longer when recovery takes longer. */
  readonly every_ms: number
  readonly away_ms: number
  readonly outage_ms: number
  /** How long an encoder is silent after each blow, ms (default 20,000). */
  readonly cut_ms?: number
  /** An encoder reports again as soon as its incident is in the store, and not only after `cut_ms`. */
  readonly isMendedWhenFound?: boolean
  readonly pipeline?: Partial<PipelineOptions>
  readonly tell?: (line: string) => void
}

export interface FaultReport {
  readonly fault: string
  /** Events answered of sessions that began from this fault until the next. */
  readonly answered: number
  readonly lost: number
  readonly doubled: number
  /** From the blow until answers flow and the store is no more than five seconds behind them; null: not in time. */
  readonly recovery_s: number | null
  /** Longest time without any answer, ms. */
  readonly gap_ms: number
  /** Beacons told to come again (503), or without an answer. */
  readonly refused: number
}

export interface ChaosReport {
  readonly faults: readonly FaultReport[]
  readonly answered: number
  readonly events_per_s: number
  readonly asked_per_s: number
  readonly lost: number
  readonly doubled: number
  /** By how many the rollup that is furthest off differs from the raw table, either way. */
  readonly doubled_rollups: number
  readonly incidents: {
    readonly expected: number
    readonly found: number
    readonly missed: number
    /** Encoders that were cut and have no incident: the fault, and when they were not heard. */
    readonly unseen: readonly string[]
    readonly doubled: number
    /** Of an encoder that was not cut, or of anything else: nothing else was wrong with the show. */
    readonly false: number
    /** Those, and the doubled ones; encoders with the times when they were not heard. */
    readonly wrong: readonly string[]
  }
  /** Largest memory by role, MiB, children counted in. */
  readonly rss_mib: Readonly<Record<string, number>>
}

const RECOVER_WITHIN_MS = 180_000
const BEHIND_MS = 5_000
const CUT_MS = 20_000
/**
 * What a collector, writer or watcher may need at most, MiB, whatever is away: the runtime and its heap, 128 MiB of messages
 * that wait in the writer, what Kafka's client fetches ahead, and, of a watcher that takes another's partitions, a quarter of an
 * hour read again. The limit of its container in compose.yaml.
 */
export const MEMORY_MIB = 1280

/**
 * Puts a pipeline of processes under load and breaks it, fault by fault, without a pause of the load; then counts what was
 * answered against what is stored, and incidents against the encoders that were cut, one a fault.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { faults, tell = () => {} } = options
  let proxy = await startSlowProxy('http://127.0.0.1:1')
  const pipeline = await startPipeline({
    brokers: 3,
    ...options.pipeline,
    storeUrl: async (url) => {
      await proxy.close()
      proxy = await startSlowProxy(url)
      return proxy.url
    },
  })
  const rss = new Map<string, number>()
  const sampling = setInterval(() => {
    for (const part of pipeline.parts) rss.set(part.role, Math.max(rss.get(part.role) ?? 0, part.rss_bytes()))
  }, 1_000)
  let load: Load | undefined
  try {
    // One stream an encoder is cut of for each fault, and two that are left in peace.
    load = startLoad({
      name: 'chaos',
      urls: pipeline.collectors.map(({ url }) => url),
      events_per_s: options.events_per_s,
      senders: Math.max(24, Math.round(options.events_per_s / 50)),
      batch: 25,
      beacons: 8,
      streams: faults.length + 2,
    })
    const began = performance.now()
    await flowing(pipeline, load, tell)
    const marks: {
      fault: Fault
      from: number
      recovery_s: number | null
      gap_ms: number
      refused: number
    }[] = []
    const rounds = new Map<Fault, number>()
    for (const [index, fault] of faults.entries()) {
      const round = rounds.get(fault) ?? 0
      rounds.set(fault, round + 1)
      const own = load
      const before = await own.count(true)
      const struck = performance.now()
      const cut = async (): Promise<void> => {
        own.cut(index)
        const end = performance.now() + (options.cut_ms ?? CUT_MS)
        const isOver = async () => options.isMendedWhenFound === true && (await isFound(pipeline, index))
        while (performance.now() < end && !(await isOver()))
          await pause(Math.min(500, end - performance.now()))
        own.mend(index)
      }
      const mended = DEAF.includes(fault) ? undefined : cut()
      const { away_ms, outage_ms } = options
      await FAULTS[fault]({ pipeline, proxy, round, away_ms, outage_ms })
      const recovery_s = await recovered(pipeline, own, struck)
      await (mended ?? cut())
      const { gap_ms, retries, events } = await own.count()
      const refused = sumOf(retries) - sumOf(before.retries)
      marks.push({ fault, from: before.sessions, recovery_s, gap_ms, refused })
      tell(
        `${fault}: recovered in ${recovery_s} s; ${events} events answered, ${refused} beacons sent again, longest without an answer ${Math.round(gap_ms)} ms`,
      )
      await pause(Math.max(0, options.every_ms - (performance.now() - struck)))
    }
    const took_s = (performance.now() - began) / 1000
    const answered = await load.stop()
    const total = await audit(pipeline, answered, { within_ms: RECOVER_WITHIN_MS })
    const bySession = await lossBySession(pipeline, answered)
    const found = async () => Promise.all(faults.map((_, index) => isFound(pipeline, index)))
    for (const end = performance.now() + 20_000; performance.now() < end && (await found()).includes(false); )
      await pause(500)
    const incidents = await encoderIncidents(pipeline)
    const silences = await encoderSilences(pipeline)
    const cut = new Set(faults.map((_, index) => `stream-${index}`))
    const ofEncoder = incidents.filter(({ hop, rule }) => hop === 'encoder' && rule.includes('absence'))
    const perStream = new Map<string, number>()
    for (const { stream } of ofEncoder) perStream.set(stream, (perStream.get(stream) ?? 0) + 1)
    return {
      faults: marks.map(({ fault, from, recovery_s, gap_ms, refused }, index) => {
        const until = marks[index + 1]?.from ?? Number.POSITIVE_INFINITY
        const own = bySession.filter(({ number }) => number > from && number <= until)
        return {
          fault,
          answered: own.reduce((sum, each) => sum + each.answered, 0),
          lost: own.reduce((sum, each) => sum + each.lost, 0),
          doubled: own.reduce((sum, each) => sum + each.doubled, 0),
          recovery_s,
          gap_ms: Math.round(gap_ms),
          refused,
        }
      }),
      answered: total.answered,
      events_per_s: Math.round(total.answered / took_s),
      asked_per_s: options.events_per_s,
      lost: total.lost,
      doubled: total.doubled,
      doubled_rollups: total.doubled_rollups,
      incidents: {
        expected: cut.size,
        found: ofEncoder.length,
        missed: [...cut].filter((stream) => !perStream.has(stream)).length,
        unseen: [...cut]
          .filter((stream) => !perStream.has(stream))
          .map(
            (stream) =>
              `${stream} (${faults[Number(stream.split('-')[1])]}): silent ${silences.get(stream)?.join(', ') ?? 'never'}`,
          ),
        doubled: [...perStream.values()].reduce((sum, count) => sum + count - 1, 0),
        false: incidents.filter((incident) => !ofEncoder.includes(incident) || !cut.has(incident.stream))
          .length,
        wrong: incidents
          .filter(
            (incident) =>
              !ofEncoder.includes(incident) ||
              !cut.has(incident.stream) ||
              perStream.get(incident.stream)! > 1,
          )
          .map(({ stream, rule, hop, opened }) =>
            hop === 'encoder'
              ? `${opened} ${stream}: silent ${silences.get(stream)?.join(', ') ?? 'never'}`
              : `${opened} ${stream} ${hop} ${rule}`,
          ),
      },
      rss_mib: Object.fromEntries([...rss].map(([role, bytes]) => [role, Math.round(bytes / (1 << 20))])),
    }
  } finally {
    clearInterval(sampling)
    load?.kill()
    await proxy.close()
    await pipeline.dispose()
  }
}

const isFound = async (pipeline: Pipeline, index: number): Promise<boolean> =>
  (await encoderIncidents(pipeline)).some(({ stream }) => stream === `stream-${index}`)

const sumOf = (counts: Readonly<Record<number, number>>): number =>
  Object.values(counts).reduce((sum, each) => sum + each, 0)

const storedRows = async ({ query }: Pipeline): Promise<number> => {
  const [row] = await query<{ n: string }>(`SELECT count() AS n FROM heartbeat WHERE show = 'chaos'`)
  return Number(row?.n ?? 0)
}

/** Until rows are in the store and encoders have been heard for a while. */
async function flowing(pipeline: Pipeline, load: Load, tell: (line: string) => void): Promise<void> {
  const end = performance.now() + 90_000
  while ((await storedRows(pipeline)) === 0) {
    if (performance.now() > end) throw new Error('nothing comes into the store')
    await pause(250)
  }
  await pause(10_000)
  const { events, retries } = await load.count()
  tell(`flowing: ${events} events answered, to send again by status: ${JSON.stringify(retries)}`)
}

async function recovered(pipeline: Pipeline, load: Load, struck: number): Promise<number | null> {
  const seen: { at: number; events: number }[] = []
  while (performance.now() - struck < RECOVER_WITHIN_MS + 120_000) {
    const { events } = await load.count()
    const at = performance.now()
    seen.push({ at, events })
    const before = seen.findLast((each) => each.at <= at - BEHIND_MS)
    const lately = seen.findLast((each) => each.at <= at - 1_500)
    const flows = lately !== undefined && events > lately.events
    // What was stored twice would look like progress; `audit` counts that.
    const target = before?.events ?? seen[0]!.events
    if (flows && (await storedRows(pipeline)) >= target)
      return Math.round((performance.now() - struck) / 100) / 10
    await pause(500)
  }
  return null
}
