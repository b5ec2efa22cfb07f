/**
 * `npm run bench -- intake [--sessions 60000]`: what the collector's own steps cost an event, without sockets, HTTP and the disk: decode,
 * addresses, limits, trust, columns. Each session has an address of its own behind a trusted proxy. Processor time of one
 * process, so it holds beside other work; `JSON.parse` alone stands beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createTenants } from '../collector/auth/tenants.ts'
import { decodeBeacon } from '../collector/beacons.ts'
import { openAddresses } from '../collector/enrich/addresses.ts'
import { keepBudgets } from '../collector/enrich/budgets.ts'
import { readOrigin } from '../collector/enrich/trustedProxies.ts'
import { readUserAgent } from '../collector/enrich/userAgent.ts'
import { hashViewer } from '../collector/enrich/viewer.ts'
import { createIntake } from '../collector/intake.ts'
import { createAdvice } from '../collector/limits/advice.ts'
import { COMBINATION_LIMITS, keepCombinations } from '../collector/limits/combinations.ts'
import { createLimits, PREFIX_LIMITS } from '../collector/limits/limits.ts'
import { BATCHING } from '../collector/options.ts'
import { createBatcher } from '../collector/rows/batcher.ts'
import { writeRows } from '../collector/rows/rowWriter.ts'
import { createTally } from '../collector/tally.ts'
import { judgeSessions } from '../collector/trust/sessionTrust.ts'
import type { Log } from '../log/log.ts'
import { topics } from '../schemas/topics.ts'
import { beaconBody } from './collector/bodies.ts'
import { median, printFigures } from './harness/figures.ts'
import type { BenchOptions } from './run.ts'

const ROUNDS = 7
const emit = () => undefined

export async function run(options: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...options.args],
    options: { sessions: { type: 'string', default: '60000' } },
  })
  const tell = printFigures('intake', options, 'JSON.parse alone')
  const folder = await mkdtemp(join(tmpdir(), 'bench-intake-'))
  try {
    const addresses = openAddresses({ emit, cacheFolder: folder })
    await addresses.loaded
    for (const batch of [1, 20]) {
      const count = Math.ceil(Number(values.sessions) / batch)
      const bodies = Array.from({ length: count }, (_, at) => Buffer.from(beaconBody(at, batch, Date.now())))
      const take = steps(addresses, batch)
      const parsed = await medianOf(bodies, batch, (body) => JSON.parse(body.toString()))
      tell(`batch-${batch}`, await medianOf(bodies, batch, take), 'cpu_us/event', parsed)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function medianOf(
  bodies: readonly Buffer[],
  batch: number,
  work: (body: Buffer, at: number) => unknown,
): Promise<number> {
  const found: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage()
    for (const [at, body] of bodies.entries()) {
      work(body, at)
      // Batches are full, and appended, as they are under load.
      if (at % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const { user, system } = process.cpuUsage(before)
    found.push((user + system) / (bodies.length * batch))
  }
  return median(found)
}

/** The collector's steps over a log that forgets. */
function steps(addresses: ReturnType<typeof openAddresses>, batch: number) {
  const log = {
    topics: new Map(topics(4).map((topic) => [topic.name, topic])),
    append: async () => undefined,
  } as unknown as Log
  const batcher = createBatcher({ ...BATCHING, log, collector: 'bench', emit, clock: Date.now })
  const advice = createAdvice()
  const intake = createIntake({
    clock: Date.now,
    batcher,
    writer: writeRows({
      batcher,
      collector: 'bench',
      budgetOf: keepBudgets({ emit }),
      viewerHash: hashViewer(),
      withinStreams: keepCombinations({ emit, limitsOf: () => COMBINATION_LIMITS }),
    }),
    deadLetters: { put: emit } as never,
    tally: createTally(emit),
    addresses,
    limits: createLimits({ tenants: {}, prefix: PREFIX_LIMITS, refused: emit }),
    trust: judgeSessions(),
    advice,
    origin: readOrigin({ trusted: ['127.0.0.1'] }),
    userAgent: readUserAgent(),
  })
  const decoded = decodeBeacon({ events: 500, depth: 8 })
  const speaker = { tenant: createTenants('bench')('shop'), role: 'player', maxWeight: 1 } as const
  return (body: Buffer, at: number): void => {
    const received_ms = intake.received()
    const headers = {
      'user-agent': 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile',
      'x-forwarded-for': `11.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
    }
    const request = {
      method: 'POST',
      path: '/v1/beacons',
      query: {},
      headers,
      remoteAddress: '127.0.0.1',
      body,
    }
    const beacon = decoded(body)
    if ('code' in beacon) throw new Error(beacon.code)
    const { context, events, sender } = beacon
    intake.admit(request, speaker, batch, received_ms)
    const { refused } = intake.take(request, { speaker, source: 'sdk', context, events, sender }, received_ms)
    if (refused.length > 0) throw new Error(refused[0]!.code)
  }
}
