/**
 * Arrow messages as collectors write them against JSONEachRow, into the real engine: rows a second, and processor time of the
 * store's process by the operating system's accounting.
 */
import { createBuilder } from '../schemas/arrow/builder.ts'
import { END_OF_STREAM, schemaMessage } from '../schemas/arrow/schema.ts'
import { columnsOf } from '../schemas/derive/columns.ts'
import { ddl } from '../schemas/derive/ddl.ts'
import { startTestStore } from '../store/testing.ts'
import { cpuOf } from '../test/chaos/part.ts'
import { printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

const MESSAGE_ROWS = 1_000
function rowOf(index: number, time: number): Record<string, unknown> {
  return {
    tenant: 'demo',
    app: `app-${index % 3}`,
    show: 'bench',
    stream: `stream-${index % 5}`,
    session: `session-${index % 4000}`,
    viewer: `viewer-${index % 4000}`,
    cdn: `cdn-${index % 4}`,
    isp: `isp-${index % 20}`,
    country: 'CN',
    region: `region-${index % 30}`,
    network: '4g',
    device: `device-${index % 50}`,
    os: 'android',
    container: 'app',
    player: 'hls.js',
    player_version: '1.7.4',
    protocol: 'hls',
    codec: 'h264',
    rendition: '720p',
    delivery: 'cdn',
    source: 'sdk',
    weight: 1,
    seq: index + 1,
    event_time: time,
    received_time: time + (index % 1000),
    interval_ms: 10_000,
    reason: 'interval',
    state: 'playing',
    played_ms: 9_900 + (index % 100),
    stalled_ms: index % 40 === 0 ? 300 : 0,
    bitrate_kbps: 2_500,
    bandwidth_kbps: 8_000 + (index % 997),
    fps_rendered: 29.9,
    frames_rendered: 299,
    buffer_ms: 2_000 + (index % 503),
    live_latency_ms: 1_800 + (index % 701),
    bytes: 3_100_000 + index,
  }
}

export async function run(options: BenchOptions): Promise<void> {
  const tell = printFigures('insert', options, 'JSONEachRow')
  const test = await startTestStore()
  try {
    for (const statement of ddl({ database: 'firstframe' })) await test.store.exec(statement)
    const { store, supervisor } = test
    const columns = columnsOf('heartbeat').map(({ name }) => name)
    const time = Date.UTC(2026, 10, 20, 12)
    let sent = 0

    async function arrow(rows: number): Promise<void> {
      const chunks: Uint8Array[] = [schemaMessage('heartbeat')]
      for (let done = 0; done < rows; done += MESSAGE_ROWS) {
        const builder = createBuilder('heartbeat', { capacity: MESSAGE_ROWS })
        for (let row = 0; row < MESSAGE_ROWS; row += 1) builder.pushRow(rowOf((sent += 1), time))
        chunks.push(builder.finish())
      }
      chunks.push(END_OF_STREAM)
      await timed(() => store.insertArrow({ table: 'heartbeat', columns, chunks, token: `arrow-${sent}` }))
    }
    async function rowByRow(rows: number): Promise<void> {
      const objects = Array.from({ length: rows }, () => rowOf((sent += 1), time))
      await timed(() => store.insertRows({ table: 'heartbeat', rows: objects, token: `json-${sent}` }))
    }
    let spent = { wall: 0, cpu: 0 }
    async function timed(insert: () => Promise<unknown>): Promise<void> {
      const [wall, cpu] = [performance.now(), cpuOf(supervisor.pid!)]
      await insert()
      spent = { wall: spent.wall + performance.now() - wall, cpu: spent.cpu + cpuOf(supervisor.pid!) - cpu }
    }
    async function measure(insert: (rows: number) => Promise<void>, rows: number, times: number) {
      await insert(rows)
      spent = { wall: 0, cpu: 0 }
      for (let time = 0; time < times; time += 1) await insert(rows)
      return { rate: (rows * times) / (spent.wall / 1000), cpu: (spent.cpu * 1e6) / (rows * times) }
    }
    for (const [rows, times] of [
      [1_000, 20],
      [10_000, 6],
      [100_000, 2],
    ] as const) {
      const a = await measure(arrow, rows, times)
      const b = await measure(rowByRow, rows, times)
      tell(`rows-per-s-${rows}`, a.rate, 'rows/s', b.rate)
      tell(`cpu-per-row-${rows}`, a.cpu, 'µs', b.cpu)
    }
  } finally {
    await test.stop()
  }
}
