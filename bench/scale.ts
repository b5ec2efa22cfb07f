/**
 * `npm run bench -- scale [--rate N] [--seconds N]`: one collector, writer and watcher under N one-event beacons a second (500),
 * then two of each under twice as many, on a real broker and a real store: processor time an event by role, by the operating
 * system's accounting. If nothing is shared, two of each need no more an event than one of each. What a role needs while
 * nothing comes is measured too, and how much more of it each further tick a second is: `docs/scale.md` reckons with these.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { GIVEN } from '../main/plan/needs.ts'
import { MEASURED_KINDS } from '../schemas/measuredKinds.ts'
import { startLoad } from '../test/chaos/load.ts'
import { cpuOf, type Part } from '../test/chaos/part.ts'
import { type Pipeline, startPipeline } from '../test/chaos/pipeline.ts'
import type { BenchOptions } from './run.ts'

const WARM_MS = 15_000
const IDLE_MS = 10_000
/** Partitions of a topic; and of one that has so many more that the cost of a tick shows. */
const FEW = 4
const MANY = 24
const ROLES = ['collector', 'write', 'watch'] as const
type Role = (typeof ROLES)[number] | 'store' | 'kafka'

interface Measured {
  readonly events: number
  readonly seconds: number
  /** Processor time an event, µs. */
  readonly perEvent: Readonly<Record<Role, number>>
  /** Processor time a second of one process while nothing comes, ms. */
  readonly idle: Readonly<Record<Role, number>>
}

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '500' }, seconds: { type: 'string', default: '30' } },
  })
  const options = { rate: Number(values.rate), seconds: Number(values.seconds) }
  const tell = (line: Record<string, unknown>, text: string): void =>
    console.log(json ? JSON.stringify({ bench: 'scale', ...line }) : text)
  const found: Measured[] = []
  for (const each of [1, 2]) {
    const entry = await measure(each, options)
    found.push(entry)
    const name = each === 1 ? 'one-each' : 'two-each'
    for (const role of [...ROLES, 'store', 'kafka'] as const) {
      tell(
        {
          case: name,
          role,
          value: entry.perEvent[role],
          unit: 'cpu_us/event',
          events: entry.events,
          seconds: entry.seconds,
        },
        `${name}: ${role.padEnd(9)} ${entry.perEvent[role].toFixed(1).padStart(7)} µs an event, ${entry.idle[role].toFixed(0)} ms a second while nothing comes`,
      )
      tell({ case: `${name}-idle`, role, value: entry.idle[role], unit: 'cpu_ms/s' }, '')
    }
  }
  const few = await idling(FEW)
  const many = await idling(MANY)
  const ticks_per_s = (MANY - FEW) * MEASURED_KINDS.length * GIVEN.ticks_per_s
  for (const role of [...ROLES, 'kafka'] as const) {
    const value = ((many[role] - few[role]) * 1000) / ticks_per_s
    tell(
      { case: 'tick', role, value, unit: 'cpu_us/tick' },
      `a tick costs ${role.padEnd(9)} ${value.toFixed(0).padStart(5)} µs (${few[role].toFixed(0)} ms a second with ${FEW} partitions, ${many[role].toFixed(0)} with ${MANY})`,
    )
  }
  const [item, two] = found.map(({ perEvent }) => ROLES.reduce((sum, role) => sum + perEvent[role], 0))
  const ratio = two! / item!
  tell(
    { case: 'two-against-one', value: ratio, unit: '×', one: item!, two: two! },
    `two of each need ${ratio.toFixed(2)} × the processor time an event of one of each (${two!.toFixed(1)} against ${item!.toFixed(1)} µs)`,
  )
}

const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + part.cpu_s(), 0)
const spentBy = ({ collectors, writers, watchers, store, kafka }: Pipeline): Record<Role, number> => ({
  collector: sum(collectors),
  write: sum(writers),
  watch: sum(watchers),
  store: store.cpu_s(),
  kafka: kafka.brokers.reduce((total, { pid }) => total + (pid === undefined ? 0 : cpuOf(pid)), 0),
})

const between = (before: Record<Role, number>, after: Record<Role, number>, by: (role: Role) => number) =>
  Object.fromEntries(
    (Object.keys(before) as Role[]).map((role) => [role, (after[role] - before[role]) / by(role)]),
  ) as Record<Role, number>

/** Processor time a second of one of each role while nothing comes, ms. */
async function idling(partitions: number): Promise<Record<Role, number>> {
  const pipeline = await startPipeline({ brokers: 1, partitions, collectors: 1, writers: 1, watchers: 1 })
  try {
    await pause(2 * IDLE_MS)
    const before = spentBy(pipeline)
    await pause(2 * IDLE_MS)
    return between(before, spentBy(pipeline), () => (2 * IDLE_MS) / 1e6)
  } finally {
    await pipeline.dispose()
  }
}

async function measure(
  each: number,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<Measured> {
  const pipeline = await startPipeline({ brokers: 1, collectors: each, writers: each, watchers: each })
  try {
    const { collectors } = pipeline
    const spent = () => spentBy(pipeline)
    // Until the start-up is over.
    await pause(IDLE_MS / 2)
    const quiet = spent()
    await pause(IDLE_MS)
    const idle = between(quiet, spent(), (role) => {
      const processes = ROLES.includes(role as never) ? each : 1
      return ((IDLE_MS / 1000) * processes) / 1000
    })
    const load = startLoad({
      name: 'chaos',
      urls: collectors.map(({ url }) => url),
      events_per_s: rate * each,
      // An answer waits for the batch, so each of them sends once a second.
      senders: rate * each,
      batch: 1,
      beacons: 200,
      streams: 4,
    })
    try {
      await pause(WARM_MS)
      const [from, before, began] = [await load.count(), spent(), performance.now()]
      await pause(seconds * 1000)
      const [to, after, ended] = [await load.count(), spent(), performance.now()]
      const events = to.events - from.events
      if (events < 0.8 * rate * each * seconds)
        throw new Error(
          `only ${Math.round(events / seconds)} of ${rate * each} events a second were answered: this machine is too busy`,
        )
      return {
        events,
        seconds: (ended - began) / 1000,
        perEvent: between(before, after, () => events / 1e6),
        idle,
      }
    } finally {
      load.kill()
    }
  } finally {
    await pipeline.dispose()
  }
}
