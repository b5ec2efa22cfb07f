import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../log/embedded.ts'
import { median, printFigures, quantile } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

/** An Arrow batch of some hundred rows. */
const BYTES = 40_000
const SEQUENTIAL = 1_500
const WRITERS = 32
const EACH = 150
const TOPIC = 'bench'

type Append = (value: Buffer) => Promise<void>

interface Figures {
  readonly p50_ms: number
  readonly p99_ms: number
  readonly perSecond: number
}

/**
 * The embedded log's append, each answered when it is flushed, beside a plain file that is appended to and fsynced for
 * each message; one after the other (latency), and by 32 writers at once (throughput, where the log shares flushes).
 * Rounds of both alternate; the medians count.
 */
export async function run(options: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-bench-log-'))
  const tell = printFigures('log', options, 'a plain file')
  try {
    const log = await openEmbeddedLog({
      path: join(folder, 'log'),
      topics: [{ name: TOPIC, partitions: 4 }],
      emit: () => {},
      clock: Date.now,
    })
    const file = await open(join(folder, 'file'), 'a')
    let turn = 0
    const toLog: Append = (value) => {
      turn += 1
      return log.append([
        { topic: TOPIC, partition: turn % 4, headers: { type: 'rows', rows: '400' }, value },
      ])
    }
    const toFile: Append = async (value) => {
      await file.appendFile(value)
      await file.datasync()
    }
    const latency: Record<'log' | 'file', Figures[]> = { log: [], file: [] }
    const throughput: Record<'log' | 'file', Figures[]> = { log: [], file: [] }
    await measure(toLog, 1, 300)
    await measure(toFile, 1, 300)
    for (let round = 0; round < 3; round += 1) {
      latency.log.push(await measure(toLog, 1, SEQUENTIAL / 3))
      latency.file.push(await measure(toFile, 1, SEQUENTIAL / 3))
      throughput.log.push(await measure(toLog, WRITERS, EACH / 3))
      throughput.file.push(await measure(toFile, WRITERS, EACH / 3))
    }
    await log.close()
    await file.close()
    for (const figure of ['p50_ms', 'p99_ms'] as const)
      tell(`append-${figure.slice(0, 3)}`, middle(latency.log, figure), 'ms', middle(latency.file, figure))
    tell(
      'append-32-writers',
      middle(throughput.log, 'perSecond'),
      'messages/s',
      middle(throughput.file, 'perSecond'),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(append: Append, writers: number, each: number): Promise<Figures> {
  const value = Buffer.alloc(BYTES, 'live')
  const times: number[] = []
  const began = performance.now()
  const write = async (): Promise<void> => {
    for (let i = 0; i < each; i += 1) {
      const before = performance.now()
      await append(value)
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  const seconds = (performance.now() - began) / 1_000
  return { p50_ms: median(times), p99_ms: quantile(times, 0.99), perSecond: times.length / seconds }
}

const middle = (rounds: readonly Figures[], figure: keyof Figures): number =>
  median(rounds.map((round) => round[figure]))
