import { createBuilder } from '../schemas/arrow/builder.ts'
import { readBatch } from '../schemas/arrow/reader.ts'
import { beaconBody } from './collector/bodies.ts'
import { cpu_us, median, printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

const READ = ['tenant', 'stream', 'cdn', 'country', 'stalled_ms', 'interval_ms', 'received_time'] as const
const ROWS = 200_000

type Row = Record<string, unknown>

/** 38 fields a row, as a parsed beacon has them. */
function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const { context, events } = JSON.parse(beaconBody(index, 1, 1_795_176_000_000)) as {
      context: Row
      events: Row[]
    }
    const { kind: _kind, time_ms, ...fields } = events[0]!
    return { ...context, ...fields, tenant: 'demo', event_time: time_ms, received_time: time_ms }
  })
}

/**
 * The same rows as an Arrow message and as JSON, in one process: what an event costs to write, what it costs to read
 * seven of its columns, and how many bytes it is.
 */
export async function run(options: BenchOptions): Promise<void> {
  const tell = printFigures('columns', options, 'JSON')
  for (const size of [1, 100, 1_000]) {
    const rows = rowsOf(size)
    const builder = createBuilder('heartbeat')
    const repeats = Math.ceil(ROWS / size / (size === 1 ? 10 : 1))
    const encode = () => {
      for (const row of rows) builder.pushRow(row)
      return builder.finish()
    }
    const asJson = () => rows.map((row) => JSON.stringify(row)).join('\n')
    const read = (bytes: Uint8Array) => {
      const batch = readBatch('heartbeat', bytes, READ)
      return batch.rows + batch.number('stalled_ms').values[0]!
    }
    const parse = (text: string) => {
      let sum = 0
      for (const line of text.split('\n')) sum += (JSON.parse(line) as { stalled_ms: number }).stalled_ms
      return sum
    }
    const message = encode()
    const text = asJson()
    const times = {
      encode: [] as number[],
      asJson: [] as number[],
      read: [] as number[],
      parse: [] as number[],
    }
    const repeat = (work: () => unknown) =>
      cpu_us(() => {
        for (let index = 0; index < repeats; index += 1) work()
      }) /
      repeats /
      size
    for (let round = 0; round < 4; round += 1) {
      times.encode.push(repeat(encode))
      times.asJson.push(repeat(asJson))
      times.read.push(repeat(() => read(message)))
      times.parse.push(repeat(() => parse(text)))
    }
    // The first round warms up.
    const of = (name: keyof typeof times) => median(times[name].slice(1))
    tell(`write-${size}`, of('encode'), 'cpu_us/event', of('asJson'))
    tell(`read-${size}`, of('read'), 'cpu_us/event', of('parse'))
    tell(`bytes-${size}`, message.length / size, 'bytes/event', text.length / size)
  }
}
