/**
 * `npm run bench -- flat [--rate 4000] [--seconds 8] [--only streams|sessions]`: what an event costs at 1, 10, 100 and 1,000 streams, and
 * with 10⁴, 10⁵ and 10⁶ sessions known, embedded: processor time of both processes, µs an event, against the first of each row. Beats
 * come in bodies of 20, so that the load generator leaves the machine to Firstframe. Each case has a Firstframe of its own.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { spent, startPlayers, startSystem } from './pulse/system.ts'
import type { BenchOptions } from './run.ts'

const STREAMS = [1, 10, 100, 1_000] as const
const SESSIONS = [10_000, 100_000, 1_000_000] as const
const BATCH = 20
/** Sessions while streams vary, streams while sessions vary. */
const USUAL = { sessions: 40_000, streams: 4 } as const
/** Beats a second until all sessions are known. */
const FILL_PER_S = 10_000
const WARM_MS = 8_000
const PATIENCE_MS = 300_000

interface Case {
  readonly streams: number
  readonly sessions: number
}

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '4000' },
      seconds: { type: 'string', default: '8' },
      only: { type: 'string' },
    },
  })
  const rows = {
    streams: STREAMS.map((streams) => ({ ...USUAL, streams })),
    sessions: SESSIONS.map((sessions) => ({ ...USUAL, sessions })),
  }
  for (const [name, cases] of Object.entries(rows)) {
    if ((values.only ?? name) !== name) continue
    let first: number | undefined
    for (const each of cases) {
      const cost_us = await measure(each, Number(values.rate), Number(values.seconds))
      first ??= cost_us
      const line = { case: name, ...each, value: cost_us, unit: 'cpu_us/event', ratio: cost_us / first }
      if (json) console.log(JSON.stringify({ bench: 'flat', ...line }))
      else
        console.log(
          `${each.streams} streams, ${each.sessions} sessions: ${cost_us.toFixed(1)} µs an event, ${line.ratio.toFixed(2)} × the first`,
        )
    }
  }
}

async function measure({ streams, sessions }: Case, rate: number, seconds: number): Promise<number> {
  const system = await startSystem({ mode: 'embedded' })
  const options = { urls: system.urls, key: system.key, batch: BATCH, streams, sessions }
  try {
    const { name, known } = await fill(options)
    const players = startPlayers({ ...options, events_per_s: rate, name, from: known })
    try {
      await pause(WARM_MS)
      await players.count()
      const before = system.cpu_s()
      await pause(seconds * 1_000)
      const cpu_s = Object.values(spent(before, system.cpu_s())).reduce((sum, each) => sum + each, 0)
      return (cpu_s * 1e6) / Math.max(1, (await players.count()).answered)
    } finally {
      players.kill()
    }
  } finally {
    await system.dispose()
  }
}

/** Lets every session beat once; returns what the sessions are called, and how many beats were taken. */
async function fill(
  options: Omit<Parameters<typeof startPlayers>[0], 'events_per_s'> & { readonly sessions: number },
): Promise<{ readonly name: string; readonly known: number }> {
  const players = startPlayers({ ...options, events_per_s: FILL_PER_S })
  try {
    const end_ms = performance.now() + PATIENCE_MS
    for (let known = 0; ; ) {
      if (known >= options.sessions) return { name: players.name, known }
      if (performance.now() > end_ms)
        throw new Error(`only ${known} of ${options.sessions} sessions were taken: this machine is too busy`)
      await pause(500)
      known += (await players.count()).answered
    }
  } finally {
    players.kill()
  }
}
