/**
 * `npm run bench -- sessions`: what a viewer costs in memory and on the wire: the dedupe step's bytes a session and processor time
 * a row, beside a plain Map of the same keys; and the bytes of a heartbeat in a log message of 1,000 and of 100 rows, as it
 * is and compressed.
 */
import { randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { DEDUPE_COLUMNS, Dedupe } from '../processor/dedupe/dedupe.ts'
import { createBuilder } from '../schemas/arrow/builder.ts'
import { readBatch } from '../schemas/arrow/reader.ts'
import { cpu_us, printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

const SESSIONS = 1_000_000
const MESSAGE_ROWS = 1_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heartbeats(ids: readonly string[], from: number): Uint8Array {
  const builder = createBuilder('heartbeat', { capacity: ids.length })
  const now = Date.now()
  ids.forEach((session, index) => {
    const number = from + index
    builder.pushRow({
      tenant: 'demo',
      app: `app-${number % 3}`,
      show: 'gala',
      stream: 'main',
      session,
      viewer: randomUUID().slice(0, 16),
      cdn: `cdn-${number % 4}`,
      isp: `isp-${number % 20}`,
      country: 'CN',
      region: `region-${number % 30}`,
      device: `device-${number % 50}`,
      os: 'android',
      player: 'hls.js',
      player_version: '1.7.4',
      protocol: 'hls',
      source: 'sdk',
      seq: 1 + (number % 60),
      weight: 1,
      event_time: now - (number % 500),
      received_time: now,
      interval_ms: 10_000,
      played_ms: 9_900 + (number % 100),
      bitrate_kbps: 2_500,
      bandwidth_kbps: 8_000 + (number % 997),
      frames_rendered: 299,
      buffer_ms: 2_000 + (number % 503),
      live_latency_ms: 1_800 + (number % 701),
      bytes: 3_100_000 + number,
    })
  })
  return builder.finish()
}

function memory(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export async function run(options: BenchOptions): Promise<void> {
  const tell = printFigures('sessions', options, 'a plain Map')
  // In one piece each: as they come they are chains of parts, which would be counted here and freed later.
  const ids = Array.from({ length: SESSIONS }, () => Buffer.from(randomUUID()).toString())

  const bare = memory()
  const plain = new Map<string, number>()
  const mapped_us = cpu_us(() => {
    for (const id of ids) plain.set(Buffer.from(`demo\0${id}`).toString(), 1)
  })
  const map_bytes = (memory() - bare) / SESSIONS
  plain.clear()

  const before = memory()
  const dedupe = new Dedupe()
  const spent = { first: 0, again: 0 }
  for (const round of ['first', 'again'] as const) {
    for (let from = 0; from < SESSIONS; from += MESSAGE_ROWS) {
      const message = heartbeats(ids.slice(from, from + MESSAGE_ROWS), round === 'first' ? from : from + 1)
      spent[round] += cpu_us(() => dedupe.check(readBatch('heartbeat', message, DEDUPE_COLUMNS)))
    }
  }
  const used = memory() - before
  // What nobody asks again would be collected before it is measured.
  if (dedupe.size !== SESSIONS) throw new Error(`${dedupe.size} sessions`)
  tell('memory a session', dedupe.bytes / SESSIONS, 'bytes', map_bytes)
  tell('… with all that the process holds', used / SESSIONS, 'bytes')
  tell('a row of a new session', spent.first / SESSIONS, 'µs', mapped_us / SESSIONS)
  tell('a row of a known session', spent.again / SESSIONS, 'µs')

  const zstd = await import('@mongodb-js/zstd').catch(() => undefined)
  for (const rows of [1_000, 100, 10]) {
    const message = heartbeats(ids.slice(0, rows), 0)
    tell(`a heartbeat of ${rows} in a message`, message.length / rows, 'bytes')
    tell(`a heartbeat of ${rows} with gzip`, gzipSync(message).length / rows, 'bytes')
    if (zstd !== undefined)
      tell(
        `a heartbeat of ${rows} with zstd`,
        (await zstd.compress(Buffer.from(message), 3)).length / rows,
        'bytes',
      )
  }
}
