/**
 * `npm run bench -- soak [--minutes 3] [--rate 1500] [--mode embedded|kafka]`: a steady load, and what grows: memory and open
 * handles by process, and how long answers take. The first fifth is warm-up; of the rest, the last third is held against the first.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Mode, type Players, type System, startPlayers, startSystem } from './pulse/system.ts'
import type { BenchOptions } from './run.ts'

const SAMPLES = 60

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '3' },
      rate: { type: 'string', default: '1500' },
      mode: { type: 'string', default: 'embedded' },
    },
  })
  const system = await startSystem({ mode: values.mode as Mode })
  const players = startPlayers({ urls: system.urls, key: system.key, events_per_s: Number(values.rate) })
  const samples: Record<string, number>[] = []
  try {
    for (let at = 0; at < SAMPLES; at += 1) {
      await pause((Number(values.minutes) * 60_000) / SAMPLES)
      samples.push(await sample(system, players))
    }
  } finally {
    players.kill()
    await system.dispose()
  }
  const rest = samples.slice(SAMPLES / 5)
  const third = Math.floor(rest.length / 3)
  for (const name of Object.keys(samples[0]!)) {
    const median = (part: readonly Record<string, number>[]): number =>
      part.map((each) => each[name]!).sort((a, b) => a - b)[part.length >> 1]!
    const [first, last] = [median(rest.slice(0, third)), median(rest.slice(-third))]
    const line = { case: name, value: last, first, ratio: last / Math.max(1, first) }
    if (json) console.log(JSON.stringify({ bench: 'soak', ...line }))
    else console.log(`${name.padEnd(24)} ${first.toFixed(0).padStart(8)} → ${last.toFixed(0).padStart(8)}`)
  }
}

/** Memory and handles by process, what was answered and how fast, since the last sample. */
async function sample(system: System, players: Players): Promise<Record<string, number>> {
  const { answered, refused, failed, p50_ms, p99_ms } = await players.count()
  const parts = Object.entries(system.pids).flatMap(([role, pids]) =>
    pids.flatMap((pid, at) => [
      [`${role}_${at + 1}_rss_mb`, memory_mb(pid)] as const,
      [`${role}_${at + 1}_handles`, readdirSync(`/proc/${pid}/fd`).length] as const,
    ]),
  )
  return { ...Object.fromEntries(parts), p50_ms, p99_ms, answered, refused, failed }
}

const memory_mb = (pid: number): number =>
  (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 2 ** 20
