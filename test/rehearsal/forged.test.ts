import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATALOGUE_RULES } from '../../processor/watch/detect/activeRules.ts'
import { createJudge } from '../../processor/watch/incident/judge.ts'
import { postPatiently } from '../pipeline/postPatiently.ts'
import { startPipeline } from './pipeline.ts'

const START = Date.UTC(2026, 10, 21, 12)
const WELL_S = 45
const ATTACKED_S = 21
const HOMES = 100
const BEAT_S = 10
const FORGED_EACH_S = 500
const BROWSER = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15'

type Values = Readonly<Record<string, unknown>>
interface Beacon {
  readonly key: string
  readonly address: string
  readonly events: readonly Values[]
}

/** Two players at home report every ten seconds, and at once when a stall begins; somebody new begins to watch. */
function honest(key: string, second: number, isIll: boolean): Beacon[] {
  const well = { played_ms: 10_000, stalled_ms: second % 7 === 0 ? 200 : 0 }
  const ill = { played_ms: 7_000, stalled_ms: 3_000, stall_count: 2 }
  const beacons: Beacon[] = []
  for (let home = 0; home < HOMES; home += 1) {
    const onCdnA = home % 3 === 0
    if (home % BEAT_S !== second % BEAT_S && !(isIll && onCdnA && second === WELL_S)) continue
    const values = {
      seq: second + 1,
      interval_ms: 10_000,
      cdn: onCdnA ? 'cdn-a' : 'cdn-b',
      ...(isIll && onCdnA ? ill : well),
    }
    beacons.push({
      key,
      address: `198.51.${home}.1`,
      events: ['tv', 'phone'].map((name) => ({ kind: 'heartbeat', session: `${home}-${name}`, ...values })),
    })
  }
  const startup = { kind: 'startup', seq: 1, outcome: 'started', video_startup_time_ms: 600, cdn: 'cdn-a' }
  beacons.push({ key, address: `192.0.${second}.1`, events: [{ ...startup, session: `new-${second}` }] })
  return beacons
}

/** Where an outsider speaks from, one after the other: a machine, a /24, a /48. */
const PLACES: readonly ((n: number) => string)[] = [
  () => '203.0.113.7',
  (n) => `192.0.2.${n}`,
  (n) => `2001:db8:1:${n.toString(16)}::1`,
]

/** What an outsider has: the public key, and one session an event. */
function forged(key: string, second: number, events: readonly Values[]): Beacon[] {
  const place = PLACES[Math.floor(((second - WELL_S) * PLACES.length) / ATTACKED_S)]!
  const addresses = [1, 2, 3].map((n) => place(second * 2 + n))
  return addresses.flatMap((address, at) => {
    const own = Array.from({ length: Math.ceil(FORGED_EACH_S / addresses.length) }, (_, n) => ({
      seq: 1,
      interval_ms: 10_000,
      session: `forged-${second}-${at}-${n}`,
      ...{ app: `app-${n}`, cdn: `cdn-${n}`, player_version: `9.${n}` },
      ...events[n % events.length]!,
    }))
    return [{ key, address, events: own }]
  })
}

const TROUBLE: readonly Values[] = [
  { kind: 'heartbeat', stalled_ms: 10_000, stall_count: 5, error_fatal: true, error_category: 'player' },
  { kind: 'startup', outcome: 'failed' },
  { kind: 'interaction', action: 'like', outcome: 'failed' },
  { kind: 'cohost', freeze_ms: 9_000 },
]
const CALM: readonly Values[] = [
  { kind: 'heartbeat', played_ms: 10_000 },
  { kind: 'startup', outcome: 'started', video_startup_time_ms: 300 },
]
const FAREWELL = { kind: 'hop', hop: 'encoder', node: 'encoder-1', event: 'end' }

test('over HTTP, 10,000 events forged with the public key page nobody and keep no page back', async () => {
  const tenants = ['calm', 'twin', 'attacked']
  const judge = createJudge({ rules: CATALOGUE_RULES, emit: () => {} })
  const pipeline = await startPipeline({
    judge,
    start_ms: START,
    keys: Object.fromEntries(tenants.map((tenant) => [`${tenant}-key`, { tenant }])),
    trustedProxies: ['127.0.0.1'],
  })
  const answers = new Map<number, number>()
  async function send({ key, address, events }: Beacon): Promise<string> {
    const answer = await postPatiently(pipeline.url, {
      headers: { 'content-type': 'text/plain', 'user-agent': BROWSER, 'x-forwarded-for': address },
      body: JSON.stringify({ key, context: { show: 'show', stream: 'main' }, events }),
    })
    answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
    return answer.text()
  }
  const pages = new Map<string, number>(tenants.map((tenant) => [tenant, 0]))
  const firstPage = new Map<string, { at_s: number; cause: unknown }>()
  const opened: string[] = []
  let forgedEvents = 0
  try {
    for (let second = 0; second < WELL_S + ATTACKED_S; second += 1) {
      const isAttacked = second >= WELL_S
      pipeline.clock(START + second * 1000 + 500)
      const beacons = tenants.flatMap((tenant) =>
        honest(`${tenant}-key`, second, isAttacked && tenant !== 'calm'),
      )
      if (isAttacked) {
        const attack = [...forged('calm-key', second, TROUBLE), ...forged('attacked-key', second, CALM)]
        forgedEvents += attack.reduce((sum, { events }) => sum + events.length, 0)
        await Promise.all(attack.map(send))
        const refusal = await send({ key: 'attacked-key', address: '203.0.113.7', events: [FAREWELL] })
        assert.match(refusal, /server_key_needed/)
      }
      await Promise.all(beacons.map(send))
      const { changes } = await pipeline.judged(START + (second + 1) * 1000)
      for (const { change, notify, incident } of changes) {
        const { tenant } = incident
        opened.push(`${second} ${change} ${notify} ${tenant}: ${incident.summary_en}`)
        if (notify !== 'page') continue
        pages.set(tenant, pages.get(tenant)! + 1)
        firstPage.set(tenant, firstPage.get(tenant) ?? { at_s: second - WELL_S, cause: incident.cause })
      }
    }
  } finally {
    await pipeline.close()
  }
  assert.ok(forgedEvents >= 20_000, String(forgedEvents))
  assert.equal(pages.get('calm'), 0, opened.join('; '))
  assert.equal(pages.get('twin'), 1, opened.join('; '))
  assert.equal(pages.get('attacked'), 1, opened.join('; '))
  const [twin, attacked] = [firstPage.get('twin')!, firstPage.get('attacked')!]
  assert.ok(Math.abs(attacked.at_s - twin.at_s) <= 1, JSON.stringify([twin, attacked]))
  assert.deepEqual(attacked.cause, twin.cause)
  assert.deepEqual([...answers.keys()].sort(), [200, 204])
})
