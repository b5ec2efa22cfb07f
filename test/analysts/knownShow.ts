import { ddl } from '../../schemas/derive/ddl.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import type { Store } from '../../store/client.ts'
import { insertObjects } from '../dashboards/rehearsedShow.ts'

/** Eight sessions of two minutes and a bit, small enough to reckon every number by hand. */
export interface KnownShow {
  readonly tenant: 'demo'
  readonly show: 'gala'
  readonly from_ms: number
  readonly to_ms: number
}

interface Session {
  readonly id: string
  readonly viewer: string
  readonly app: string
  readonly cdn: string
  readonly isp: string
  readonly region: string
  readonly device: string
  readonly codec: string
  /** First-screen time, or how it ended. */
  readonly start: number | 'failed' | 'abandoned'
  readonly after_s: number
  /** Stalled ms of each ten seconds. */
  readonly stalls: readonly number[]
  readonly latency: number
}

const SMOOTH = [0, 0, 0, 0, 0, 0]
const SESSIONS: readonly Session[] = [
  {
    id: 's1',
    viewer: 'v1',
    app: 'shop',
    cdn: 'cdn-a',
    isp: 'isp-x',
    region: 'Guangdong',
    device: 'phone',
    codec: 'h264',
    start: 400,
    after_s: 0,
    stalls: SMOOTH,
    latency: 1000,
  },
  {
    id: 's2',
    viewer: 'v2',
    app: 'shop',
    cdn: 'cdn-a',
    isp: 'isp-y',
    region: 'Guangdong',
    device: 'phone',
    codec: 'h265',
    start: 600,
    after_s: 0,
    stalls: [0, 1000, 0, 0, 0, 0],
    latency: 1000,
  },
  {
    id: 's3',
    viewer: 'v3',
    app: 'shop',
    cdn: 'cdn-b',
    isp: 'isp-x',
    region: 'Beijing',
    device: 'tv',
    codec: 'h264',
    start: 800,
    after_s: 0,
    stalls: [2000, 2000, 0, 0, 0, 0],
    latency: 1000,
  },
  {
    id: 's4',
    viewer: 'v4',
    app: 'video',
    cdn: 'cdn-b',
    isp: 'isp-y',
    region: 'Beijing',
    device: 'phone',
    codec: 'h265',
    start: 1000,
    after_s: 60,
    stalls: [5000, 5000, 5000],
    latency: 3000,
  },
  {
    id: 's5',
    viewer: 'v5',
    app: 'video',
    cdn: 'cdn-b',
    isp: 'isp-y',
    region: 'Guangdong',
    device: 'tv',
    codec: 'h264',
    start: 1200,
    after_s: 60,
    stalls: [5000, 5000, 5000],
    latency: 3000,
  },
  {
    id: 's6',
    viewer: 'v6',
    app: 'video',
    cdn: 'cdn-a',
    isp: 'isp-x',
    region: 'Beijing',
    device: 'phone',
    codec: '',
    start: 'failed',
    after_s: 0,
    stalls: [],
    latency: 0,
  },
  {
    id: 's7',
    viewer: 'v7',
    app: 'news',
    cdn: 'cdn-a',
    isp: 'isp-x',
    region: 'Beijing',
    device: 'phone',
    codec: '',
    start: 'abandoned',
    after_s: 0,
    stalls: [],
    latency: 0,
  },
  {
    id: 's8',
    viewer: 'v1',
    app: 'news',
    cdn: 'cdn-a',
    isp: 'isp-x',
    region: 'Guangdong',
    device: 'tv',
    codec: 'h264',
    start: 500,
    after_s: 60,
    stalls: SMOOTH,
    latency: 1600,
  },
]

const ACTS: readonly (readonly [session: string, round: string, outcome: string, rtt: number])[] = [
  ['s1', 'round-1', 'success', 100],
  ['s1', 'round-2', 'success', 100],
  ['s2', 'round-1', 'success', 200],
  ['s2', 'round-2', 'failed', 300],
  ['s3', 'round-1', 'refused', 150],
  ['s8', 'round-2', 'success', 200],
]

/** Fills an empty store. The show begins at a whole minute, two hours before `now_ms`. */
export async function insertKnownShow(store: Store, now_ms: number): Promise<KnownShow> {
  for (const statement of ddl({ database: 'firstframe' })) await store.exec(statement)
  return insertKnownRows(store, now_ms)
}

/** The same into tables that are there. */
export async function insertKnownRows(store: Store, now_ms: number): Promise<KnownShow> {
  const start = Math.floor(now_ms / 600_000) * 600_000 - 7_200_000
  const common = ({ id, viewer, app, cdn, isp, region, device, codec }: Session, at_ms: number) => ({
    tenant: 'demo',
    show: 'gala',
    stream: 'main',
    source: 'sdk',
    session: id,
    viewer,
    app,
    cdn,
    isp,
    region,
    device,
    codec,
    received_time: at_ms,
    event_time: at_ms,
  })
  await insertObjects(
    store,
    'startup',
    SESSIONS.map((session) => ({
      ...common(session, start + session.after_s * 1000),
      outcome: typeof session.start === 'number' ? 'started' : session.start,
      ...(typeof session.start === 'number'
        ? {
            video_startup_time_ms: session.start,
            dns_ms: 20,
            tcp_ms: 30,
            manifest_ms: 50,
            first_byte_ms: 100,
          }
        : {}),
      ...(session.start === 'failed' ? { error_category: 'network', error_code: 'E1' } : {}),
    })),
  )
  await insertObjects(
    store,
    'heartbeat',
    SESSIONS.flatMap((session) =>
      session.stalls.map((stalled_ms, nth) => ({
        ...common(session, start + session.after_s * 1000 + nth * 10_000),
        seq: nth + 1,
        interval_ms: 10_000,
        played_ms: 10_000 - stalled_ms,
        stalled_ms,
        stall_count: stalled_ms > 0 ? 1 : 0,
        bitrate_kbps: session.codec === 'h265' ? 1_000 : 2_000,
        live_latency_ms: session.latency,
        bytes: session.codec === 'h265' ? 1_200_000 : 2_500_000,
        bytes_p2p: 500_000,
        bytes_reference: session.codec === 'h265' ? 2_400_000 : 2_500_000,
        reports_expected: 2,
        reports_received: session.id === 's4' ? 1 : 2,
        flags: session.id === 's8' ? 2 : 0,
      })),
    ),
  )
  await insertObjects(
    store,
    'interaction',
    ACTS.map(([id, round, outcome, rtt_ms]) => ({
      ...common(
        SESSIONS.find((session) => session.id === id)!,
        start + (round === 'round-1' ? 30_000 : 90_000),
      ),
      action: 'red_packet',
      outcome,
      round,
      rtt_ms,
      container: 'app',
      channel: 'push',
    })),
  )
  await insertObjects(
    store,
    'hop',
    ['cdn-a', 'cdn-b'].flatMap((cdn) =>
      Array.from({ length: 12 }, (_, nth) => ({
        tenant: 'demo',
        show: 'gala',
        stream: 'main',
        source: 'cdn-log',
        cdn,
        received_time: start + nth * 10_000,
        event_time: start + nth * 10_000,
        hop: 'edge',
        node: `${cdn}-1`,
        requests: 100,
        cache_hits: 90,
        status_2xx: 100,
        ttfb_ms: cdn === 'cdn-b' && nth >= 6 && nth < 9 ? 400 : 50,
      })),
    ),
  )
  const booked = (second: number, entry: string, amount: number, more: object = {}) => ({
    ...{ tenant: 'demo', show: 'gala', stream: 'main', weight: 1, node: 'platform' },
    ...{ entry, amount, count: 1, pool: 'box', tier: 'low', round: 'round-1', currency: 'cny' },
    ...more,
    event_time: start + second * 1000,
    received_time: start + second * 1000,
  })
  await insertObjects(store, 'ledger', [
    booked(0, 'budget', 20),
    booked(1, 'issued', 10, { reference: 'g-1' }),
    booked(2, 'issued', 10, { reference: 'g-1' }),
    booked(3, 'issued', 5, { reference: 'g-2' }),
    booked(4, 'claimed', 10, { reference: 'g-1' }),
    booked(5, 'expired', 5, { reference: 'g-2' }),
    booked(6, 'order', 118, { pool: '', tier: '', count: 2 }),
    booked(66, 'order', 59, { pool: '', tier: '' }),
  ])
  await insertObjects(store, 'change', [
    {
      ...{ tenant: 'demo', show: 'gala', changed: 'player', version: '4.9.3', by: 'ci', weight: 1 },
      event_time: start + 30_000,
      received_time: start + 30_000,
    },
  ])
  const incident = {
    tenant: 'demo',
    show: 'gala',
    stream: 'main',
    version: 2,
    state: 'resolved',
    severity: 'critical',
    rule: 'baseline',
    metric: 'rebuffering_ratio',
    cause: '{"cdn":"cdn-b"}',
    summary_en: 'Stalls up behind cdn-b',
    summary_zh: 'cdn-b 卡顿上升',
    value: 0.5,
    baseline: 0.01,
    explains: 0.95,
    confidence: 0.99,
  }
  await insertObjects(store, 'incident', [
    {
      ...incident,
      id: 'i1',
      version: 1,
      state: 'open',
      hop: 'edge',
      viewers: 1,
      began_time: start + 60_000,
      opened_time: start + 63_000,
      updated_time: start + 63_000,
    },
    {
      ...incident,
      id: 'i1',
      hop: 'edge',
      viewers: 100,
      lost_minutes: 100,
      began_time: start + 60_000,
      opened_time: start + 63_000,
      updated_time: start + 120_000,
      resolved_time: start + 120_000,
    },
    {
      ...incident,
      id: 'i2',
      hop: 'interaction',
      severity: 'warning',
      metric: 'interaction_success',
      summary_en: 'Interactions fail',
      summary_zh: '互动失败',
      viewers: 20,
      lost_minutes: 10,
      began_time: start + 90_000,
      opened_time: start + 91_000,
      updated_time: start + 120_000,
      resolved_time: start + 120_000,
    },
  ])
  return { tenant: 'demo', show: 'gala', from_ms: start, to_ms: start + 120_000 }
}

/** Rows of senders that are not believed, in the middle of the show, with names of their own: no number and no list may change. */
export async function insertSetApart(store: Store, show: KnownShow): Promise<void> {
  const rows = (kind: Kind, more: object) =>
    insertObjects(
      store,
      kind,
      Array.from({ length: 20 }, (_, nth) => ({
        ...{ tenant: show.tenant, show: show.show, stream: 'main', source: 'sdk', session: `forged-${nth}` },
        ...{ viewer: `forged-${nth}`, app: nth % 2 ? 'shop' : 'forged', cdn: 'cdn-forged', isp: 'forged' },
        ...{
          region: 'forged',
          device: 'forged',
          codec: nth % 2 ? 'h265' : 'forged',
          seq: 1,
          trust: 40,
          weight: 0,
        },
        event_time: show.from_ms + 45_000,
        received_time: show.from_ms + 45_000,
        ...more,
      })),
    )
  await rows('startup', { outcome: 'started', video_startup_time_ms: 20_000, dns_ms: 20_000 })
  await rows('startup', { outcome: 'failed', error_category: 'network', error_code: 'FORGED' })
  await rows('heartbeat', {
    ...{
      interval_ms: 60_000,
      stalled_ms: 60_000,
      stall_count: 9,
      live_latency_ms: 60_000,
      bitrate_kbps: 9_000,
    },
    ...{ bytes: 9e6, bytes_p2p: 0, bytes_reference: 9e7, error_fatal: true, error_category: 'network' },
  })
  await rows('interaction', { action: 'red_packet', outcome: 'failed', round: 'round-1', rtt_ms: 9_000 })
  await rows('cue', { stage: 'shown', round: 'round-1', skew_ms: 9_000, since_trigger_ms: 9_000 })
}
