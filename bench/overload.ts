/**
 * `npm run bench -- overload [--mode=embedded|kafka] [--stubborn] [--advised] [--rate=20000] [--best=N] [--settled] [--json]`: players ask more and more until
 * the best rate is found, then 1.5 and 3 times of it for ten seconds, then half: events answered, how fast refusals come,
 * how soon everything is answered again. `--rate` phases one rate more, `--best` skips the search, `--settled` also
 * measures from the 30th second on, `--advised` lets players report as seldom as answers advise, when who was refused has learnt to wait.
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startPipeline } from '../test/chaos/pipeline.ts'
import { startFirstframe } from '../test/pipeline/firstframe.ts'
import { quantile } from './harness/figures.ts'
import { type Players, type PlayersReport, startPlayers } from './overload/startPlayers.ts'
import type { BenchOptions } from './run.ts'

const CONNECTIONS = 6_000
const FIRST_PER_S = 3_000
const STEP = 1.25
const STEP_S = 4
const PHASE_S = 10
/** Who was refused has learnt to wait by then. */
const SETTLED_S = 30
const LIMIT_MS = 1_000

interface Subject {
  readonly port: number
  readonly key: string
  dispose(): Promise<void>
}

async function start(mode: string): Promise<Subject> {
  if (mode === 'kafka') {
    const pipeline = await startPipeline({ brokers: 1, collectors: 1, writers: 1, watchers: 1 })
    return {
      port: Number(new URL(pipeline.collectors[0]!.url).port),
      key: 'chaos-key',
      dispose: pipeline.dispose,
    }
  }
  const firstframe = await startFirstframe({ environment: { FIRSTFRAME_GEO: 'false' } })
  return { port: Number(new URL(firstframe.url).port), key: 'demo', dispose: firstframe.dispose }
}

/** The product gets one processor and the players another, so that what is asked does not depend on what is answered. */
function pin(pid: number, cpu: number): void {
  if (process.platform === 'linux' && availableParallelism() > 1)
    execFileSync('taskset', ['-acp', String(cpu), String(pid)], { stdio: 'ignore' })
}

const round = (share: number): number => Math.round(share * 100) / 100

/** One second at a time: the reports of a phase. */
async function listen(players: Players, seconds: number): Promise<PlayersReport[]> {
  const reports: PlayersReport[] = []
  await players.count()
  let at = performance.now()
  for (let second = 0; second < seconds; second += 1) {
    at += 1000
    await pause(Math.max(0, at - performance.now()))
    reports.push(await players.count())
  }
  return reports
}

function summary(reports: readonly PlayersReport[]) {
  const sum = (of: (report: PlayersReport) => number): number =>
    Math.round(reports.reduce((total, report) => total + of(report), 0) / reports.length)
  const answered_ms = reports.flatMap((report) => report.answered_ms)
  const late_ms = reports.flatMap((report) => report.late_ms)
  const refused_ms = reports.flatMap((report) => report.refused_ms)
  return {
    made_per_s: sum(({ made }) => made),
    answered_per_s: sum(({ answered }) => answered),
    requests_per_s: sum(({ requests }) => requests),
    refused_per_s: sum(({ refused }) => refused),
    failed_per_s: sum(({ failed }) => failed),
    answered_p50_ms: Math.round(quantile(answered_ms, 0.5)),
    answered_p99_ms: Math.round(quantile(answered_ms, 0.99)),
    players_late_p99_ms: Math.round(quantile(late_ms, 0.99)),
    refused_p50_ms: Math.round(quantile(refused_ms, 0.5)),
    refused_p99_ms: Math.round(quantile(refused_ms, 0.99)),
    advised_ms: Math.max(...reports.map(({ advised_ms }) => advised_ms)),
  }
}

async function findBest(players: Players, tell: (line: object) => void): Promise<number> {
  let best = 0
  let misses = 0
  for (let rate = FIRST_PER_S; ; rate *= STEP) {
    players.rate(rate)
    await pause(2_000)
    const found = summary(await listen(players, STEP_S))
    tell({ phase: 'search', ...found })
    best = Math.max(best, found.answered_per_s)
    // One stall of a busy machine is no limit; the second step that is not met is.
    if (found.answered_per_s < rate * 0.93 || found.answered_p99_ms > LIMIT_MS) misses += 1
    if (misses === 2) return best
  }
}

/** Seconds until a second in which nothing is refused, nearly all is answered, and in time. */
async function backAfter(players: Players): Promise<number> {
  for (let second = 1; second <= 60; second += 1) {
    const found = summary(await listen(players, 1))
    if (
      found.refused_per_s === 0 &&
      found.answered_per_s > found.made_per_s * 0.95 &&
      found.answered_p99_ms < LIMIT_MS
    )
      return second
  }
  return Number.POSITIVE_INFINITY
}

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: 'string', default: 'embedded' },
      stubborn: { type: 'boolean', default: false },
      settled: { type: 'boolean', default: false },
      advised: { type: 'boolean', default: false },
      rate: { type: 'string' },
      best: { type: 'string' },
    },
  })
  const tell = (line: object): void =>
    console.log(
      json
        ? JSON.stringify({ bench: 'overload', mode: values.mode, stubborn: values.stubborn, ...line })
        : Object.entries(line)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join('  '),
    )
  // Children inherit it.
  pin(process.pid, 0)
  const subject = await start(values.mode)
  const players = startPlayers({
    port: subject.port,
    key: subject.key,
    name: `o${process.pid}`,
    connections: CONNECTIONS,
    stubborn: values.stubborn,
    advised: values.advised,
  })
  pin(players.pid, 1)
  try {
    players.rate(FIRST_PER_S)
    await pause(5_000)
    const best = values.best === undefined ? await findBest(players, tell) : Number(values.best)
    const phases: [string, number][] = [
      ['1.5', best * 1.5],
      ['3', best * 3],
    ]
    if (values.rate !== undefined) phases.unshift(['rate', Number(values.rate)])
    for (const [phase, rate] of phases) {
      players.rate(best / 2, true)
      await pause(6_000)
      players.rate(rate)
      const found = summary(await listen(players, PHASE_S))
      await pause(values.settled ? (SETTLED_S - PHASE_S) * 1000 : 0)
      const settled = values.settled ? summary(await listen(players, PHASE_S)) : undefined
      if (settled !== undefined)
        tell({ phase: `${phase} settled`, goodput: round(settled.answered_per_s / best), ...settled })
      players.rate(best / 2)
      const back_s = await backAfter(players)
      tell({ phase, best, goodput: round(found.answered_per_s / best), ...found, back_s })
    }
  } finally {
    players.stop()
    await subject.dispose()
  }
}
