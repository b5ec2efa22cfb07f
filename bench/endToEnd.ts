/**
 * `npm run bench -- end-to-end [--mode embedded|kafka] [--rates 1000,5000] [--seconds 8] [--each 1] [--partitions 4]
 * [--batch 1] [--profile]`: players at growing rates, until less than nine in ten beats are answered: processor time an event by process, what was answered
 * and refused, how fast, and how long after its answer an event is seen by a query. `--each 2`: two collectors, writers and watchers;
 * `--batch 20`: players that gather so many beats in a body; `--profile`: what each process computed, by function (dearer by a tenth).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile } from './harness/figures.ts'
import { profiled, startProfile } from './pulse/profile.ts'
import {
  type Mode,
  type Players,
  type System,
  spent,
  startPlayers,
  startSystem,
  YOUNG_SPACE,
} from './pulse/system.ts'
import type { BenchOptions } from './run.ts'

const RATES = { embedded: '1000,5000,10000', kafka: '1000,2000,3500,5000' }
/** Until players have been heard and code is compiled. */
const WARM_MS = 8_000
/** Beats whose way into the store is followed, after the measurement: asking costs the store. */
const MARKERS = 5
const ASK_EVERY_MS = 50
/** Answered less of what was due: the machine has no more. */
const SATURATED = 0.9
/** Functions listed of a process. */
const FUNCTIONS = 25

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: 'string' },
      rates: { type: 'string' },
      seconds: { type: 'string', default: '8' },
      each: { type: 'string', default: '1' },
      partitions: { type: 'string', default: '4' },
      batch: { type: 'string', default: '1' },
      profile: { type: 'boolean', default: false },
    },
  })
  const each = Number(values.each)
  const modes: readonly Mode[] = values.mode === undefined ? ['embedded', 'kafka'] : [values.mode as Mode]
  for (const mode of modes) {
    const environment = values.profile ? profiled(mode === 'kafka' ? YOUNG_SPACE : '') : undefined
    const system = await startSystem({ mode, each, partitions: Number(values.partitions), environment })
    const [seconds, batch] = [Number(values.seconds), Number(values.batch)]
    try {
      for (const rate of (values.rates ?? RATES[mode]).split(',').map(Number)) {
        const line = await measure(system, { rate, seconds, batch, folder: environment?.PROFILE_FOLDER })
        if (json) console.log(JSON.stringify({ bench: 'end-to-end', mode, each, ...line }))
        else console.log(sentence(line))
        if (line.answered_per_s < SATURATED * rate) break
      }
    } finally {
      await system.dispose()
    }
  }
}

interface Line {
  readonly rate: number
  readonly answered_per_s: number
  readonly refused_per_s: number
  readonly failed: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly refused_p99_ms: number
  /** Processor time an answered event, µs, by process and together. */
  readonly cpu_us: Readonly<Record<string, number>>
  readonly total_us: number
  /** From the answer to a query's sight of it, ms. */
  readonly queryable_p50_ms: number
  readonly queryable_max_ms: number
  /** By process: the functions that took most themselves, µs an event. */
  readonly functions: Readonly<Record<string, readonly (readonly [string, number])[]>> | undefined
}

const longest = (functions: Readonly<Record<string, ReadonlyMap<string, number>>>, events: number) =>
  Object.fromEntries(
    Object.entries(functions).map(([role, sums]) => [
      role,
      [...sums]
        .sort(([, a], [, b]) => b - a)
        .slice(0, FUNCTIONS)
        .map(([name, us]) => [name, us / events] as const),
    ]),
  )

interface Load {
  readonly rate: number
  readonly seconds: number
  readonly batch: number
  /** Where the processes write their profiles. */
  readonly folder: string | undefined
}

async function measure(system: System, { rate, seconds, batch, folder }: Load): Promise<Line> {
  const players = startPlayers({ urls: system.urls, key: system.key, events_per_s: rate, batch })
  try {
    await pause(WARM_MS)
    await players.count()
    const profile = folder === undefined ? undefined : startProfile(folder, system.pids)
    const [before, began] = [system.cpu_s(), performance.now()]
    await pause(seconds * 1_000)
    const [after, ended] = [system.cpu_s(), performance.now()]
    const { answered, refused, failed, p50_ms, p99_ms, refused_p99_ms } = await players.count()
    const functions = await profile?.()
    const took_s = (ended - began) / 1_000
    const cpu_us = Object.fromEntries(
      Object.entries(spent(before, after)).map(([role, cpu_s]) => [
        role,
        (cpu_s * 1e6) / Math.max(1, answered),
      ]),
    )
    const delays = await follow(system, players, rate)
    return {
      rate,
      answered_per_s: answered / took_s,
      refused_per_s: refused / took_s,
      failed,
      ...{ p50_ms, p99_ms, refused_p99_ms, cpu_us },
      total_us: Object.values(cpu_us).reduce((sum, each) => sum + each, 0),
      queryable_p50_ms: quantile(delays, 0.5),
      queryable_max_ms: Math.max(0, ...delays),
      functions: functions === undefined ? undefined : longest(functions, answered),
    }
  } finally {
    players.kill()
  }
}

/** How long after its answer each of some beats is seen by a query, ms. */
async function follow(system: System, players: Players, rate: number): Promise<number[]> {
  const delays: number[] = []
  for (let marker = 0; marker < MARKERS; marker += 1) {
    const session = `fresh-${rate}-${marker}`
    const answered_ms = await Promise.race([players.marker(session), pause(5_000, undefined)])
    // It was refused, as others are.
    if (answered_ms === undefined) continue
    const sql = `SELECT count() AS n FROM heartbeat WHERE show = 'fresh' AND session = '${session}'`
    while ((await system.query<{ n: number | string }>(sql)).every(({ n }) => Number(n) === 0)) {
      if (Date.now() - answered_ms > 30_000) throw new Error(`${session} does not come into the store`)
      await pause(ASK_EVERY_MS)
    }
    delays.push(Date.now() - answered_ms)
    // At another moment of the writer's second.
    await pause(130 * marker)
  }
  return delays
}

function sentence(line: Line): string {
  const by = Object.entries(line.cpu_us).map(([role, us]) => `${role} ${us.toFixed(1)}`)
  return [
    `${line.rate}/s: answered ${line.answered_per_s.toFixed(0)}/s, refused ${line.refused_per_s.toFixed(0)}/s, failed ${line.failed}`,
    `  CPU µs an event: ${by.join(' + ')} = ${line.total_us.toFixed(1)}`,
    `  answers p50 ${line.p50_ms.toFixed(0)} ms, p99 ${line.p99_ms.toFixed(0)} ms; refusals p99 ${line.refused_p99_ms.toFixed(0)} ms; queryable after ${line.queryable_p50_ms.toFixed(0)} ms, at most ${line.queryable_max_ms.toFixed(0)} ms`,
    ...Object.entries(line.functions ?? {}).flatMap(([role, each]) =>
      each.map(([name, us]) => `  ${role} ${us.toFixed(2).padStart(6)} µs ${name}`),
    ),
  ].join('\n')
}
