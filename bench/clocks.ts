/**
 * `npm run bench -- clocks [--only=main|store] [--hold 8,45] [--by 0,3600,-3600,34560000,-34560000] [--json]`: `firstframe all` whose
 * clock is set wrong while it runs, in its main process or in its store, by libfaketime (Debian: `faketime`; the monotonic clock stays right).
 * Every case has a stream of its own with sixty players. One object a case: what `/readyz` says while the clock is wrong, whether beacons
 * are answered, how long after the clock is right a trouble of the whole audience opens a critical incident, and what of the answered
 * events is stored. The last case starts the process with a wrong clock. Exit code 1 when the page comes later than ten seconds
 * after the clock is right, or anything answered is missing.
 */
import {
  existsSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Firstframe, startFirstframe } from '../test/pipeline/firstframe.ts'
import { sqlOf } from '../test/pipeline/sql.ts'
import type { BenchOptions } from './run.ts'

const LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find(existsSync)
const BROWSER = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15'
const PLAYERS = 60
const BEAT_MS = 10_000
const WELL_MS = 60_000
const PAGE_WITHIN_MS = 10_000

type Part = 'main' | 'store'

/** A clock that can be set wrong while one of the processes runs: only processes of that name see it. */
function wrongClock(folder: string, part: Part) {
  const node = join(folder, 'node-main')
  const file = join(folder, 'offset')
  symlinkSync(realpathSync(process.execPath), node)
  const set = (by_s: number): void => {
    writeFileSync(`${file}.new`, `${by_s < 0 ? '' : '+'}${by_s}s\n`)
    renameSync(`${file}.new`, file)
  }
  set(0)
  const environment = {
    LD_PRELOAD: LIBRARY!,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // The file is read once a second: reading it at every look at the clock costs more than the process.
    FAKETIME_CACHE_DURATION: '1',
    [part === 'main' ? 'FAKETIME_ONLY_CMDS' : 'FAKETIME_SKIP_CMDS']: 'node-main',
  }
  return { node, environment, set }
}

/** The audience of a stream: each player reports every ten seconds, and at once when its trouble begins. */
function startAudience(url: string, stream: string) {
  const counts = { answered: 0, refused: 0 }
  let ill = false
  const beat = async (player: number, state: { seq: number }): Promise<void> => {
    state.seq += 1
    const felt = ill
      ? { played_ms: 4_000, stalled_ms: 6_000, stall_count: 3 }
      : { played_ms: 10_000, stalled_ms: player % 30 === state.seq % 30 ? 200 : 0 }
    const event = { kind: 'heartbeat', seq: state.seq, time_ms: Date.now(), interval_ms: BEAT_MS, ...felt }
    const answer = await fetch(`${url}/v1/beacons?key=demo`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'user-agent': BROWSER },
      body: JSON.stringify({
        sent_ms: Date.now(),
        context: {
          show: 'clocks',
          stream,
          session: `${stream}-${player}`,
          app: 'web',
          cdn: `cdn-${player % 3}`,
        },
        events: [event],
      }),
    }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.status === 204) counts.answered += 1
    else counts.refused += 1
  }
  const players = Array.from({ length: PLAYERS }, (_, player) => {
    const state = { seq: 0 }
    const timers: NodeJS.Timeout[] = []
    timers.push(
      setTimeout(
        () => {
          void beat(player, state)
          timers.push(setInterval(() => void beat(player, state), BEAT_MS))
        },
        (player * BEAT_MS) / PLAYERS,
      ),
    )
    return { now: () => beat(player, state), stop: () => timers.forEach(clearTimeout) }
  })
  return {
    counts,
    trouble() {
      ill = true
      for (const player of players) void player.now()
    },
    stop() {
      for (const player of players) player.stop()
    },
  }
}

const readyOf = async (url: string): Promise<string> => {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined)
  return answer?.ok
    ? 'ready'
    : `${answer?.status ?? 'no answer'} ${(await answer?.text()) ?? ''}`.slice(0, 200)
}

/** ms until a stream has a critical incident; Infinity when none comes in time. */
async function pagedAfter(firstframe: Firstframe, stream: string, within_ms: number): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < within_ms) {
    const answer = await fetch(`${firstframe.consoleUrl}/api/incidents?tenant=demo`).catch(() => undefined)
    const found = answer?.ok
      ? ((await answer.json()) as { stream: string; severity: string; state: string }[])
      : []
    if (found.some((each) => each.stream === stream && each.severity === 'critical'))
      return performance.now() - began
    await pause(200)
  }
  return Number.POSITIVE_INFINITY
}

async function storedOf(firstframe: Firstframe, stream: string, answered: number): Promise<number> {
  const query = sqlOf(firstframe)
  let stored = 0
  for (let tries = 0; tries < 40 && stored < answered; tries += 1) {
    const rows = await query<{ n: string }>(
      `SELECT uniqExact(session, seq) AS n FROM heartbeat WHERE stream = '${stream}'`,
    ).catch(() => [])
    stored = Number(rows[0]?.n ?? 0)
    await pause(500)
  }
  return stored
}

interface Case {
  readonly part: Part
  readonly by_s: number
  readonly hold_s: number
}

async function runCase(firstframe: Firstframe, set: (by_s: number) => void, { part, by_s, hold_s }: Case) {
  const stream = `${part}-${by_s}-${hold_s}`
  const audience = startAudience(firstframe.url, stream)
  await pause(WELL_MS)
  const before = { ...audience.counts }
  set(by_s)
  await pause(Math.min(3_000, hold_s * 500))
  const whileWrong = await readyOf(firstframe.url)
  await pause(hold_s * 1000 - Math.min(3_000, hold_s * 500))
  const atTheEnd = await readyOf(firstframe.url)
  const meanwhile = audience.counts.answered - before.answered
  set(0)
  audience.trouble()
  const paged_ms = await pagedAfter(firstframe, stream, 90_000)
  const ready = await readyOf(firstframe.url)
  audience.stop()
  await pause(1_500)
  const { answered, refused } = audience.counts
  const stored = await storedOf(firstframe, stream, answered)
  return {
    ...{ bench: 'clocks', part, by_s, hold_s, whileWrong, atTheEnd, answered_meanwhile: meanwhile },
    ...{ paged_s: Math.round(paged_ms / 100) / 10, ready_after: ready, answered, refused, stored },
  }
}

/** Starts with a wrong clock: it says so, and keeps what it has. */
async function startCase(firstframe: Firstframe, set: (by_s: number) => void, part: Part, by_s: number) {
  const query = sqlOf(firstframe)
  const count = async () =>
    Number((await query<{ n: string }>('SELECT count() AS n FROM heartbeat').catch(() => []))[0]?.n ?? -1)
  const before = await count()
  await firstframe.stop()
  set(by_s)
  await firstframe.start({ ready: false })
  await pause(20_000)
  const whileWrong = await readyOf(firstframe.url)
  set(0)
  await pause(10_000)
  const ready = await readyOf(firstframe.url)
  return {
    bench: 'clocks',
    part,
    by_s,
    case: 'start',
    whileWrong,
    ready_after: ready,
    before,
    stored: await count(),
  }
}

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      hold: { type: 'string', default: '8,45' },
      by: { type: 'string', default: '0,3600,-3600,34560000,-34560000' },
    },
  })
  if (LIBRARY === undefined) throw new Error('libfaketime is not here: apt-get install faketime')
  const numbers = (text: string) => text.split(',').filter(Boolean).map(Number)
  const print = (report: object) => console.log(JSON.stringify(report))
  for (const part of ['main', 'store'] as const) {
    if (values.only !== undefined && values.only !== part) continue
    const folder = mkdtempSync(join(tmpdir(), 'firstframe-clocks-'))
    const { node, environment, set } = wrongClock(folder, part)
    const firstframe = await startFirstframe({ node, environment, patience_ms: 240_000 })
    try {
      for (const hold_s of numbers(values.hold))
        for (const by_s of numbers(values.by)) {
          const report = await runCase(firstframe, set, { part, by_s, hold_s })
          print(report)
          if (!(report.paged_s * 1000 <= PAGE_WITHIN_MS) || report.stored < report.answered)
            process.exitCode = 1
        }
      for (const by_s of numbers(values.by).filter((by_s) => Math.abs(by_s) > 86_400)) {
        const report = await startCase(firstframe, set, part, by_s)
        print(report)
        if (report.stored < report.before) process.exitCode = 1
      }
    } finally {
      await firstframe.dispose()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  if (!json) console.log('by_s and hold_s: how far the clock was off, and for how long, seconds.')
}
