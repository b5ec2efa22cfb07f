import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import type { Beacon } from '../schemas/beacon.ts'
import { validateContext, validateEvent } from '../schemas/derive/validate.ts'
import type { Fact } from '../schemas/facts.ts'
import { PROBE_HEARTBEAT, PROBE_LIMITS } from '../schemas/probeReasons.ts'
import { waitFor } from '../test/stream/index.ts'
import { beaconSender } from './beaconSender.ts'
import { type CheckOptions, type CheckResult, NotCheckable } from './check.ts'
import { probeEvent } from './event.ts'
import { judge } from './judge.ts'
import type { Observations } from './observations.ts'
import { startScheduler } from './scheduler.ts'
import { readTargets, type Target } from './target.ts'

const clock = () => performance.timeOrigin + performance.now()
const undo: (() => Promise<unknown>)[] = []
after(async () => {
  for (const step of undo.reverse()) await step()
})

/** A check's result as a refused connection gives it. */
function refused(url: string): CheckResult {
  const seen: Observations = {
    url,
    protocol: 'hls',
    started_ms: clock(),
    ended_ms: clock(),
    phases: [{ phase: 'dns_ms', from_ms: 0, ms: 3.5 }],
    failure: { reason: 'connection_refused', detail: 'x'.repeat(5_000) },
    renditions: [],
    followed: [],
    edges: [],
    pieces: [],
    variantFailures: [],
    bytes: 0,
  }
  return { ...judge({ seen, limits: PROBE_LIMITS }), seen }
}

/** A collector's front door: keeps beacons, answers what the test says. */
async function startCollector() {
  const beacons: Beacon[] = []
  const answers: number[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = answers.shift() ?? 204
      if (status === 204) beacons.push(JSON.parse(Buffer.concat(chunks).toString()) as Beacon)
      response.writeHead(status, status === 503 ? { 'retry-after': '0.05' } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  undo.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { beacons, answers, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` }
}

const target = (name: string, more: Partial<Target> = {}): Target => ({
  name,
  url: `http://127.0.0.1/${name}.m3u8`,
  every_s: 2,
  show: 'spring',
  stream: 'main',
  cdn: 'a',
  hop: 'edge',
  ...more,
})

test('checks are repeated, bounded, remembered, and arrive as valid probe events with heartbeats', async () => {
  const collector = await startCollector()
  collector.answers.push(503)
  const facts: Fact[] = []
  const emit = (fact: Fact) => void facts.push(fact)
  const session = 'probe-test-1'
  const sender = beaconSender({ collector: collector.url, key: 'demo', region: 'eu', session, clock, emit })
  let running = 0
  let most = 0
  const seen: { url: string; options: CheckOptions }[] = []
  const scheduler = startScheduler({
    targets: ['a', 'b', 'c', 'd', 'e'].map((name) => target(name)),
    check: async (url, options) => {
      seen.push({ url, options })
      running++
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 30))
      running--
      if (url.includes('/e.')) throw new NotCheckable('no such thing')
      return refused(url)
    },
    sender,
    clock,
    random: () => 0,
    emit,
    parallel: 2,
  })
  const events = () => collector.beacons.flatMap((beacon) => beacon.events)
  await waitFor(
    () => events().filter((event) => event.kind === 'probe' && event.target === 'a').length >= 2,
    {
      what: 'two checks of a target',
    },
  )
  await scheduler.stop()
  assert.equal(most, 2, 'no more than two at once, and two at once')
  assert.equal(sender.waiting(), 0)
  for (const beacon of collector.beacons) {
    assert.equal(validateContext(beacon.context ?? {}), undefined)
    assert.equal(beacon.context?.synthetic, true)
    assert.equal(beacon.context?.region, 'eu')
    for (const event of beacon.events)
      assert.equal(validateEvent('probe', event), undefined, JSON.stringify(event))
  }
  const numbers = events().map((event) => event.seq)
  assert.deepEqual(
    numbers,
    [...numbers].sort((a = 0, b = 0) => a - b),
  )
  assert.equal(new Set(numbers).size, numbers.length, 'a number stands once')
  const reported = events().find((event) => event.kind === 'probe' && event.target === 'b')
  assert.ok(reported?.kind === 'probe')
  assert.equal(reported.reason, 'connection_refused')
  assert.equal(reported.stage, 'tcp')
  assert.equal(reported.dns_ms, 3.5)
  assert.ok(events().some((event) => event.kind === 'probe' && event.target === PROBE_HEARTBEAT.target))
  const [first, second] = seen.filter((each) => each.url.includes('/a.'))
  assert.equal(first?.options.memory, undefined)
  assert.notEqual(second?.options.memory, undefined, 'the second check knows the first')
  assert.ok(facts.some((fact) => fact.type === 'probe_send_failed'))
  assert.ok(facts.some((fact) => fact.type === 'probe_not_checkable' && fact.target === 'e'))
})

test('results are kept within the bound while the collector is away, oldest dropped', async () => {
  const emit = () => {}
  const sender = beaconSender({
    collector: 'http://127.0.0.1:9',
    key: 'demo',
    region: '',
    session: 's',
    clock,
    emit,
    keep: 3,
  })
  for (let index = 0; index < 5; index++)
    sender.add(probeEvent(refused('http://x/a.m3u8'), target('a'), sender.next()))
  assert.equal(sender.waiting(), 3)
  await sender.flush(AbortSignal.timeout(50))
  assert.equal(sender.waiting(), 3, 'nothing is thrown away because it could not be sent')
})

test('targets of the configuration are read, and problems name entry and field', () => {
  const { targets, problems } = readTargets([
    { name: 'a', url: 'https://x/a.m3u8', limits: { first_byte_ms: 500 } },
    { name: 'b', url: 'srt://x' },
    { name: 'a', url: 'https://x/b.m3u8' },
    { name: 'c', url: 'https://x/c.m3u8', every_s: 0 },
    { name: 'd', url: 'https://x/c.m3u8', colour: 'red' },
    { name: 'e', url: 'https://x/c.m3u8', hop: 'edeg' },
  ])
  assert.equal(targets[0]!.name, 'a')
  const text = problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
  assert.equal(problems.length, 5, text)
  assert.match(text, /\/probes\/1\/url: .*srt/)
  assert.match(text, /\/probes\/2\/name: "a" is the name of entry 1, too/)
  assert.match(text, /\/probes\/3\/every_s: must be/)
  assert.match(text, /\/probes\/4\/colour: no such setting/)
  assert.match(text, /\/probes\/5\/hop: must be ingest, origin, edge, not "edeg", did you mean edge\?/)
})
