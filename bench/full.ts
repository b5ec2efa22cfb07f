/**
 * `npm run bench -- full [--runs 20] [--only=log|disk|stop] [--mib 192] [--stop 60] [--json]`: `firstframe all` under load while its log is full
 * (a small `log.max_bytes`, the store stopped), while its disk is full (a small tmpfs, which needs root), and while one of its processes
 * is stopped (SIGSTOP, each once). One object a run. Exit code 1 when the process died, an answer took more than a second, anything answered is not stored, or taking beacons
 * again took more than ten seconds.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Firstframe, startFirstframe } from '../test/pipeline/firstframe.ts'
import { sqlOf } from '../test/pipeline/sql.ts'
import { storePid } from '../test/pipeline/storePid.ts'
import type { BenchOptions } from './run.ts'

type Trouble = 'log' | 'disk' | 'main stopped' | 'store stopped'

interface Report {
  readonly run: number
  readonly full: Trouble
  readonly answered: number
  readonly stored: number
  readonly dead_letters: number
  readonly refused: number
  readonly statuses: Readonly<Record<string, number>>
  /** Longest time to an answer of 503, ms. */
  readonly slowest_503_ms: number
  /** From room to the first beacon taken again, s. */
  readonly recovery_s: number
  readonly ready_while_full: boolean
  readonly reason: string
  readonly starts_while_full: boolean
  readonly died: boolean
  /** How often the store was started again. */
  readonly store_deaths?: number
}

const BATCH = 40
const SENDERS = 8

/** Sessions that send beacons until they are stopped; a refused beacon is sent again. */
function startLoad(url: string, events_per_s: number) {
  const counts = {
    answered: 0,
    refused: 0,
    slowest_503_ms: 0,
    statuses: {} as Record<string, number>,
    taken_ms: 0,
  }
  let running = true
  async function sender(number: number): Promise<void> {
    let seq = 0
    while (running) {
      const events = Array.from({ length: BATCH }, () => ({
        kind: 'heartbeat',
        seq: ++seq,
        interval_ms: 10_000,
        played_ms: 10_000,
      }))
      const body = JSON.stringify({
        context: { app: 'a', show: 'full', stream: 's', session: `f-${process.pid}-${number}` },
        events,
      })
      for (;;) {
        const began = performance.now()
        const answer = await fetch(`${url}/v1/beacons?key=demo`, { method: 'POST', body }).catch(
          () => undefined,
        )
        const took_ms = performance.now() - began
        const status = answer?.status ?? 0
        await answer?.arrayBuffer()
        counts.statuses[status] = (counts.statuses[status] ?? 0) + 1
        if (status === 204) {
          counts.answered += BATCH
          counts.taken_ms = performance.now()
          break
        }
        counts.refused += 1
        if (status === 503) counts.slowest_503_ms = Math.max(counts.slowest_503_ms, took_ms)
        if (!running) return
        await pause(100)
      }
      await pause((1_000 * BATCH * SENDERS) / events_per_s)
    }
  }
  const senders = Array.from({ length: SENDERS }, (_, number) => sender(number))
  return {
    counts,
    async stop() {
      running = false
      await Promise.all(senders)
    },
  }
}

async function readyz(url: string): Promise<{ ready: boolean; reason: string }> {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined)
  const body = (await answer?.json().catch(() => ({}))) as { reason?: string } | undefined
  return { ready: answer?.ok === true, reason: body?.reason ?? '' }
}

async function until(
  what: string,
  done: () => Promise<boolean> | boolean,
  within_ms: number,
): Promise<number> {
  const began = performance.now()
  while (!(await done())) {
    if (performance.now() - began > within_ms) throw new Error(`waited ${within_ms} ms for ${what}`)
    await pause(50)
  }
  return (performance.now() - began) / 1_000
}

async function audit(firstframe: Firstframe, answered: number): Promise<{ stored: number; letters: number }> {
  const query = sqlOf(firstframe)
  let stored = 0
  let letters = 0
  const end = performance.now() + 40_000
  while (performance.now() < end && stored + letters < answered) {
    const rows = await query<{ n: string; d: string }>(
      `SELECT (SELECT uniqExact(session, seq) FROM heartbeat WHERE show = 'full') AS n, (SELECT count() FROM dead_letter) AS d`,
    ).catch(() => [])
    stored = Number(rows[0]?.n ?? stored)
    letters = Number(rows[0]?.d ?? letters)
    await pause(250)
  }
  return { stored, letters }
}

async function runOnce(
  run: number,
  full: 'log' | 'disk',
  firstframe: Firstframe,
  fill: () => Promise<() => Promise<void> | void>,
  startWhileFull: boolean,
): Promise<Report> {
  let starts = true
  const load = startLoad(firstframe.url, 4_000)
  await until('the first answers', () => load.counts.answered > 2_000, 30_000)
  const free = await fill()
  await until('the first 503', () => (load.counts.statuses[503] ?? 0) > 0, 60_000)
  const { ready, reason } = await readyz(firstframe.url)
  await pause(1_500)
  if (startWhileFull) {
    await firstframe.kill()
    starts = await Promise.race([
      firstframe.start({ ready: false }).then(
        () => true,
        () => false,
      ),
      pause(30_000, false),
    ])
  }
  await free()
  const freed = performance.now()
  await until('a beacon to be taken', () => load.counts.taken_ms > freed, 60_000).catch(() => undefined)
  const recovery_s =
    load.counts.taken_ms > freed ? (load.counts.taken_ms - freed) / 1_000 : Number.POSITIVE_INFINITY
  await pause(500)
  await load.stop()
  const { answered, refused, slowest_503_ms, statuses } = load.counts
  const { stored, letters } = await audit(firstframe, answered)
  return {
    run,
    full,
    answered,
    stored,
    dead_letters: letters,
    refused,
    statuses,
    slowest_503_ms: Math.round(slowest_503_ms),
    recovery_s: Math.round(recovery_s * 100) / 100,
    ready_while_full: ready,
    reason,
    starts_while_full: starts,
    died: firstframe.exitCode() !== undefined,
  }
}

async function logRun(run: number): Promise<Report> {
  const firstframe = await startFirstframe({ environment: { FIRSTFRAME_LOG_MAX_BYTES: String(2 << 20) } })
  try {
    return await runOnce(
      run,
      'log',
      firstframe,
      async () => {
        const pid = storePid(firstframe.pid())
        process.kill(pid, 'SIGSTOP')
        return () => void process.kill(pid, 'SIGCONT')
      },
      false,
    )
  } finally {
    await firstframe.dispose()
  }
}

/** One process stands still, and goes on. */
async function stopRun(run: number, stopped: 'main' | 'store', stop_s: number): Promise<Report> {
  const firstframe = await startFirstframe()
  try {
    const load = startLoad(firstframe.url, 1_000)
    await until('the first answers', () => load.counts.answered > 2_000, 60_000)
    const pid = stopped === 'main' ? firstframe.pid() : storePid(firstframe.pid())
    process.kill(pid, 'SIGSTOP')
    await pause(stop_s * 1_000)
    const { ready, reason } = stopped === 'main' ? { ready: false, reason: '' } : await readyz(firstframe.url)
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // Its supervisor has ended it.
    }
    const freed = performance.now()
    const taken_s = await until('a beacon to be taken', () => load.counts.taken_ms > freed, 60_000)
    const ready_s = await until('it to be ready', async () => (await readyz(firstframe.url)).ready, 180_000)
    await pause(1_000)
    await load.stop()
    const { answered, refused, slowest_503_ms, statuses } = load.counts
    const { stored, letters } = await audit(firstframe, answered)
    return {
      ...{ run, full: `${stopped} stopped`, answered, stored, dead_letters: letters, refused, statuses },
      slowest_503_ms: Math.round(slowest_503_ms),
      recovery_s: Math.round((taken_s + ready_s) * 100) / 100,
      ready_while_full: ready,
      reason,
      starts_while_full: true,
      died: firstframe.exitCode() !== undefined,
      store_deaths: firstframe.output().split('"store_died"').length - 1,
    }
  } finally {
    await firstframe.dispose()
  }
}

async function diskRun(run: number, mib: number): Promise<Report> {
  const mount = mkdtempSync(join(tmpdir(), 'firstframe-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', mount])
  let firstframe: Firstframe | undefined
  try {
    firstframe = await startFirstframe({ within: mount })
    const filler = join(mount, 'filler')
    return await runOnce(
      run,
      'disk',
      firstframe,
      async () => {
        const { bavail, bsize } = statfsSync(mount)
        // All but a little, so that several parts meet the end at once; the rest fills by itself.
        try {
          writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - (run % 4) * (1 << 20))))
        } catch {
          // Somebody else wrote meanwhile: it is full.
        }
        return () => rmSync(filler, { force: true })
      },
      run % 2 === 1,
    )
  } finally {
    await firstframe?.dispose().catch(() => undefined)
    execFileSync('umount', ['-l', mount])
    rmSync(mount, { recursive: true, force: true })
  }
}

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '20' },
      only: { type: 'string' },
      mib: { type: 'string', default: '192' },
      stop: { type: 'string', default: '60' },
    },
  })
  const runs = Array.from({ length: Number(values.runs) }, (_, run) => run)
  const kinds: Readonly<Record<string, (() => Promise<Report>)[]>> = {
    log: runs.map((run) => () => logRun(run)),
    disk: runs.map((run) => () => diskRun(run, Number(values.mib))),
    stop: (['main', 'store'] as const).map((part, run) => () => stopRun(run, part, Number(values.stop))),
  }
  for (const [kind, each] of Object.entries(kinds)) {
    if (values.only !== undefined && values.only !== kind) continue
    for (const runOne of each) {
      const report = await runOne()
      console.log(JSON.stringify(json ? { bench: 'full', ...report } : report))
      const { answered, stored, dead_letters, slowest_503_ms, recovery_s, died, starts_while_full } = report
      if (
        died ||
        !starts_while_full ||
        stored + dead_letters < answered ||
        slowest_503_ms > 1_000 ||
        recovery_s > 10
      )
        process.exitCode = 1
    }
  }
}
