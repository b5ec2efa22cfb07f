import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { beaconBody } from './collector/bodies.ts'
import { load } from './collector/load.ts'
import { median, printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

/** Viewers with a connection each; an answer waits for the disk, so fewer would leave the collector idle. */
const CONNECTIONS = 512

/**
 * Both servers get a larger young generation, as `npm start` does: requests that wait for the disk outlive the small
 * default, and the collector would copy them instead of dropping them.
 */
const YOUNG_SPACE = '--max-semi-space-size=32'

interface Case {
  readonly name: string
  readonly events: number
  readonly requests: number
  readonly warmup: number
}

const CASES: readonly Case[] = [
  { name: 'one-event', events: 1, requests: 40_000, warmup: 20_000 },
  { name: 'batch-20', events: 20, requests: 8_000, warmup: 4_000 },
]

interface Server {
  readonly child: ChildProcess
  readonly port: number
  cpu_us(): Promise<number>
}

async function start(file: string, args: readonly string[]): Promise<Server> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [...process.execArgv, YOUNG_SPACE],
  })
  const message = async () => (await once(child, 'message'))[0] as { port: number; cpu_us: number }
  const { port } = await message()
  return {
    child,
    port,
    async cpu_us() {
      child.send('usage')
      return (await message()).cpu_us
    },
  }
}

/** CPU µs an event that one server needs for a case, once. */
async function measure(server: Server, { events, requests }: Case): Promise<number> {
  const now = Date.now()
  const bodies = Array.from({ length: 500 }, (_, index) => beaconBody(index, events, now))
  const before = await server.cpu_us()
  await load({ port: server.port, path: '/v1/beacons?key=demo', bodies, connections: CONNECTIONS, requests })
  return ((await server.cpu_us()) - before) / (requests * events)
}

/**
 * Beacons of 38 fields through the whole collector, its embedded log on the disk, against a bare node:http server
 * that reads and parses the same body. Both are processes of their own and take turns; CPU time is the operating
 * system's, user and system, every thread counted.
 */
export async function run(options: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...options.args],
    options: { only: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  })
  const tell = printFigures('collector', options, 'bare node:http + JSON.parse')
  const folder = await mkdtemp(join(tmpdir(), 'bench-collector-'))
  const servers: Server[] = []
  try {
    const reference = await start('./collector/reference.ts', [])
    servers.push(reference)
    const collector = await start('./collector/subject.ts', [folder])
    servers.push(collector)
    for (const each of CASES.filter(({ name }) => name === (values.only ?? name))) {
      for (const server of servers) await measure(server, { ...each, requests: each.warmup })
      const pairs: { value: number; reference: number }[] = []
      for (let round = 0; round < Number(values.rounds); round += 1)
        pairs.push({ reference: await measure(reference, each), value: await measure(collector, each) })
      const bare = median(pairs.map((pair) => pair.reference))
      tell(each.name, median(pairs.map((pair) => pair.value)), 'cpu_us/event', bare)
    }
  } finally {
    for (const { child } of servers) {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    }
    await rm(folder, { recursive: true })
  }
}
