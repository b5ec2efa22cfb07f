/**
 * `npm run bench -- watch [--viewers 20000 --length 300]`: what an event costs the watcher, from the log's columns to the verdict. A
 * staged show is written as Arrow messages first, then timed: dedupe and windows by row, the judgement by second. Processor
 * time of one process, so it holds beside other work; reading the same columns alone stands beside it.
 */
import { parseArgs } from 'node:util'
import { createJudge } from '../processor/watch/incident/judge.ts'
import { createWatchCore } from '../processor/watch/watchCore.ts'
import { columnsToWatch } from '../processor/watch/windows/windows.ts'
import { parseScenario } from '../rehearsal/parseScenario.ts'
import type { Batch } from '../rehearsal/rows.ts'
import { createShow } from '../rehearsal/show.ts'
import { readBatch } from '../schemas/arrow/reader.ts'
import { columnsOf } from '../schemas/derive/columns.ts'
import { cpu_us, printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

const START = Date.UTC(2026, 10, 21, 12)
const emit = () => undefined

export async function run(options: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...options.args],
    options: { viewers: { type: 'string', default: '20000' }, length: { type: 'string', default: '300' } },
  })
  const [viewers, length_s] = [Number(values.viewers), Number(values.length)]
  const parsed = parseScenario(
    `title: Quiet\nabout: nothing breaks\nlength_s: ${length_s}\naudience: { viewers: ${viewers} }\nfaults: []\n`,
  )
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
  const show = createShow({ scenario: parsed.scenario, seed: 1, start_time: START })
  const core = createWatchCore({ emit })
  const judge = createJudge({ emit })
  let rows = 0
  const cpu = { read: 0, windows: 0, judge: 0 }
  const timed = (step: keyof typeof cpu, work: () => unknown) => {
    cpu[step] += cpu_us(work)
  }
  const read = ({ kind, bytes }: Batch) => {
    const known = new Set(columnsOf(kind).map(({ name }) => name))
    rows += readBatch(
      kind,
      bytes,
      columnsToWatch(kind).filter((name) => known.has(name)),
    ).rows
  }
  for (let at_s = 1; at_s <= length_s; at_s += 1) {
    const batches = show.advance(at_s * 1000)
    const watermark_ms = START + at_s * 1000
    timed('read', () => batches.forEach(read))
    timed('windows', () => {
      for (const { kind, bytes } of batches) core.ingest({ kind, partition: 0, bytes })
      core.advance(watermark_ms)
    })
    timed('judge', () => judge.evaluate({ views: core.windows.streams.values(), watermark_ms }))
  }
  const tell = printFigures('watch', options)
  for (const [step, us] of Object.entries(cpu)) {
    tell(step, us / rows, 'cpu_us/event')
    tell(`${step}-second`, us / length_s / 1000, 'cpu_ms/s')
  }
  tell('events-a-second', (rows * 1e6) / (cpu.windows + cpu.judge), 'events/s')
}
