import type { EndedView, IncidentCourse, SessionRow, ShowList, Snapshot } from '../../../console/api.ts'
import { type Caused, worstOf } from '../../../console/server/health.ts'
import { compose } from '../../../console/server/snapshot.ts'
import { withTodo } from '../../../console/server/todo.ts'
import { AXIS_MS, STEP_MS } from '../../../console/windows.ts'
import type { IncidentView } from '../../../schemas/incident.ts'
import { HOPS, type Hop } from '../../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../../schemas/metrics.ts'

/** Noise in [−1, 1] that is the same for the same numbers: pictures are the same each time. */
const noise = (seed: number): number => {
  const mixed = Math.sin(seed * 127.1) * 43_758.5453
  return (mixed - Math.floor(mixed)) * 2 - 1
}

/** A value before and while a fault lasts. */
export interface Fault {
  readonly metric: Metric
  readonly bad: number
  readonly from_ms: number
  readonly to_ms?: number
}

export interface SceneOptions {
  readonly at_ms: number
  readonly show?: string
  readonly watching?: number
  readonly streams?: readonly string[]
  readonly incidents?: readonly IncidentView[]
  /** The hops whose metrics went bad, as those whom the incident names show them. */
  readonly faults?: readonly (Fault & { readonly hop: Hop; readonly incident: string })[]
  /** Nothing is heard of these hops since then. */
  readonly silent?: Partial<Readonly<Record<Hop, number>>>
  readonly ended?: EndedView
  readonly heat?: Snapshot['heat']
  readonly live?: boolean
  readonly set_apart?: number
  /** The last show of the name stands beside this one. */
  readonly compared?: boolean
  /** Nothing was heard at all since then. */
  readonly quiet_since_ms?: number
}

/** How a show is when all is well: middle and wobble of each metric. */
const CALM: readonly (readonly [Metric, number, number])[] = [
  ['encoder_fps', 30, 0.004],
  ['ingest_bitrate', 4150, 0.02],
  ['transcode_speed', 1.4, 0.02],
  ['origin_ttfb', 24, 0.1],
  ['edge_ttfb', 62, 0.1],
  ['rebuffering_ratio', 0.0006, 0.5],
  ['rebuffering_frequency', 0.02, 0.5],
  ['interaction_success', 0.9992, 0.0006],
  ['video_startup_time', 527, 0.05],
  ['video_startup_time_p95', 843, 0.05],
  ['live_latency', 1720, 0.04],
]

const LIMITS: Partial<Record<Metric, number>> = { interaction_success: 1 }

const pointsOf = (
  [metric, middle, wobble]: (typeof CALM)[number],
  { from_ms, to_ms, until_ms }: { from_ms: number; to_ms: number; until_ms: number },
): Record<string, number> =>
  Object.fromEntries(
    Array.from({ length: (to_ms - from_ms) / STEP_MS }, (_, index) => from_ms + index * STEP_MS)
      .filter((at) => at < until_ms)
      .map((at, index) => [
        String(at / 1000),
        Math.min(LIMITS[metric] ?? Number.POSITIVE_INFINITY, middle * (1 + wobble * noise(index + middle))),
      ]),
  )

/** The picture of a show, put together by the console's own code from made-up facts. */
export function sceneOf(options: SceneOptions): Snapshot {
  const { at_ms, show = 'double-11', watching = 388, streams = ['main'], incidents = [], ended } = options
  const to_ms = Math.floor(at_ms / STEP_MS) * STEP_MS
  const from_ms = to_ms - AXIS_MS
  const heard_ms: Partial<Record<Hop, number>> = Object.fromEntries(
    HOPS.map((hop) => [hop, options.silent?.[hop] ?? options.quiet_since_ms ?? at_ms - 800]),
  )
  const series: Record<string, Record<string, number>> = {}
  const values: Record<string, number | null> = {}
  for (const calm of [...CALM, ['concurrent_plays', watching, 0.03] as const]) {
    const [metric] = calm
    const until_ms = options.silent?.[metricOf(metric).hop] ?? options.quiet_since_ms ?? at_ms
    series[metric] = pointsOf(calm, { from_ms, to_ms, until_ms })
    values[metric] = at_ms - until_ms > STEP_MS ? null : calm[1]
  }
  const caused: Partial<Record<Hop, Caused>> = {}
  for (const { hop, metric, bad, from_ms: since, to_ms: until = at_ms, incident } of options.faults ?? []) {
    const calm = CALM.find(([name]) => name === metric) ?? ([metric, 0, 0] as const)
    const course = Object.fromEntries(
      Object.entries(pointsOf(calm, { from_ms, to_ms, until_ms: at_ms })).map(([at, value]) => {
        const ms = Number(at) * 1000
        return [at, ms + STEP_MS > since && ms < until ? bad * (1 + 0.04 * noise(ms)) : value]
      }),
    )
    const during = Object.entries(course).flatMap(([at, value]) =>
      Number(at) * 1000 + STEP_MS > since && Number(at) * 1000 < until ? [value] : [],
    )
    caused[hop] = {
      incident,
      cause: incidents.find(({ id }) => id === incident)!.cause,
      metric,
      value: until >= at_ms ? bad : calm[1],
      series: course,
      worst: worstOf(metric, during, incidents.find(({ id }) => id === incident)!),
    }
  }
  const apps = { shop: 0.5, video: 0.3, mini: 0.2 }
  const part = (share: number) => Math.round(watching * share)
  const each = Math.floor(watching / streams.length)
  const heat =
    options.heat ??
    heatOf(
      watching,
      incidents.some(({ state, hop }) => state === 'open' && hop === 'edge'),
    )
  const cells = Object.fromEntries(
    Object.entries(heat).map(([isp, row]) => [
      isp,
      Object.fromEntries(Object.entries(row).map(([cdn, cell]) => [cdn, cell.watching])),
    ]),
  )
  return compose({
    subject: { tenant: 'demo', show },
    at_ms,
    live: options.live ?? true,
    ended,
    incidents,
    earlier: options.compared
      ? {
          shift_ms: 7 * 86_400_000,
          series: Object.fromEntries(
            CALM.concat([['concurrent_plays', watching * 0.8, 0.05]]).map(([metric, middle, wobble]) => [
              metric,
              pointsOf([metric, middle * 1.03, wobble * 2], { from_ms, to_ms, until_ms: at_ms }),
            ]),
          ),
        }
      : undefined,
    facts: {
      caused,
      slow: {
        read_ms: at_ms,
        from_ms,
        step_ms: STEP_MS,
        series,
        startup: {
          dns_ms: 21,
          tcp_ms: 34,
          tls_ms: 41,
          manifest_ms: 96,
          first_byte_ms: 168,
          demux_ms: 60,
          decode_ms: 71,
          render_ms: 48,
          starts: Math.max(1, part(0.15)),
        },
        heat,
        streams: Object.fromEntries(
          streams.map((stream, index) => [
            stream,
            { watching: each, stall_ratio: 0.0004 * (1 + (index % 5)), first_screen_ms: 500 + index * 7 },
          ]),
        ),
        apps: Object.fromEntries(
          Object.entries(apps).map(([app, share]) => [
            app,
            { watching: part(share), latency_ms: app === 'mini' ? 2370 : 1610 + share * 80 },
          ]),
        ),
        changes: { release: { at_ms: at_ms - 240_000, label: 'config gop-2s: key frame each 2 s, li.wei' } },
        rounds: {
          'round-4': {
            from_ms: at_ms - 560_000,
            to_ms: at_ms - 540_000,
            interactions: part(0.9),
            success: 0.9991,
            apps: { mini: { production_ms: 2330, shown: 40 }, shop: { production_ms: 1650, shown: 90 } },
          },
          'round-5': {
            from_ms: at_ms - 260_000,
            to_ms: at_ms - 240_000,
            interactions: part(0.9),
            success: 1,
            apps: { mini: { production_ms: 2360, shown: 41 }, shop: { production_ms: 1640, shown: 88 } },
          },
        },
        set_apart: options.set_apart ?? 0,
        heard_ms,
      },
      fast: {
        at_ms,
        values,
        intervals: {},
        heard_ms: {},
        watching: {
          streams: Object.fromEntries(
            streams.map((stream, index) => [
              stream,
              index === 0 ? watching - each * (streams.length - 1) : each,
            ]),
          ),
          apps: {
            shop: watching - part(apps.video) - part(apps.mini),
            video: part(apps.video),
            mini: part(apps.mini),
          },
          cells,
        },
      },
    },
  })
}

const OPERATORS = ['China Telecom', 'China Mobile', 'China Unicom', 'China Broadnet'] as const

function heatOf(watching: number, broken: boolean): Snapshot['heat'] {
  let left = watching
  const cell = (value: number, share: number, last: boolean) => {
    const count = last ? left : Math.round(watching * share)
    left -= count
    return { value, watching: count }
  }
  return Object.fromEntries(
    OPERATORS.map((isp, row) => [
      isp,
      {
        'cdn-a': cell(0.0004 * (row + 1), 0.1, false),
        'cdn-b': cell(broken ? 0.035 + row * 0.01 : 0.0007, 0.08, false),
        'cdn-c': cell(0.0005, 0.07, row === OPERATORS.length - 1),
      },
    ]),
  )
}

/** An incident as the watcher writes it: stalls behind an edge. */
export function incidentOf(
  change: Partial<IncidentView> & { readonly began_ms: number; readonly id: string },
): IncidentView {
  const { began_ms } = change
  return withTodo({
    version: 3,
    tenant: 'demo',
    show: 'double-11',
    stream: 'main',
    state: 'open',
    severity: 'critical',
    rule: 'rebuffering_frequency-baseline',
    metric: 'rebuffering_frequency',
    hop: 'edge',
    cause: { cdn: 'cdn-b', region: 'Guangdong' },
    summary_en: 'Stalls up from 0.024 to 25 a minute behind cdn-b in Guangdong · 26 viewers',
    summary_zh: 'cdn-b Guangdong地区 卡顿次数从 0.024 升至 25 次/分钟 · 影响 26 名观众',
    value: 25,
    baseline: 0.024,
    explains: 0.98,
    confidence: 0.98,
    viewers: 26,
    opened_ms: began_ms + 3_000,
    updated_ms: began_ms + 12_000,
    resolved_ms: 0,
    evidence: {
      because: 'sick',
      player_only: false,
      clean: ['encoder', 'ingest', 'transcode', 'origin', 'interaction'],
      symptoms: [
        {
          metric: 'edge_ttfb',
          rule: 'baseline',
          hop: 'edge',
          scope: { cdn: 'cdn-b', region: 'Guangdong' },
          now: 840,
          worst: 860,
          baseline: 62,
          onset_ms: began_ms,
        },
        {
          metric: 'rebuffering_frequency',
          rule: 'baseline',
          hop: 'player',
          scope: { cdn: 'cdn-b', region: 'Guangdong' },
          now: 24,
          worst: 25,
          baseline: 0.024,
          onset_ms: began_ms + 2_000,
        },
      ],
      timeline: { from_ms: began_ms, step_ms: 1000, hops: [] },
      dashboard: '',
      runbook: '/runbooks/rebuffering_frequency',
    },
    ...change,
  } as IncidentView)
}

/** An encoder of which nothing is heard any more. */
export const cutEncoder = (began_ms: number, change: Partial<IncidentView> = {}): IncidentView =>
  incidentOf({
    id: 'inc-cut',
    began_ms,
    rule: 'encoder_fps-absence',
    metric: 'encoder_fps',
    hop: 'encoder',
    cause: {},
    summary_en: 'The encoder fell silent · 388 viewers',
    summary_zh: '编码器无上报 · 影响 388 名观众',
    value: 0,
    baseline: 1,
    explains: 0,
    confidence: 1,
    viewers: 388,
    evidence: {
      because: 'sick',
      player_only: false,
      dashboard: '',
      clean: ['origin', 'edge', 'interaction'],
      symptoms: [
        {
          metric: 'encoder_fps',
          rule: 'absence',
          hop: 'encoder',
          scope: {},
          now: 0,
          baseline: 1,
          onset_ms: began_ms,
        },
      ],
      runbook: '/runbooks/encoder_fps',
    },
    ...change,
  })

/** The course of an incident of this stage: edge and player go bad, the others stay. */
export function courseOf(incident: IncidentView, at_ms: number): IncidentCourse {
  const step_ms = 2_000
  const from_ms = Math.floor((incident.began_ms - 60_000) / step_ms) * step_ms
  const end_ms = incident.state === 'open' ? at_ms : incident.resolved_ms + 30_000
  const to_ms = Math.floor(end_ms / step_ms) * step_ms
  const steps = (value: (ms: number) => number) =>
    Object.fromEntries(
      Array.from(
        { length: Math.floor((to_ms - from_ms) / step_ms) },
        (_, index) => from_ms + index * step_ms,
      ).map((ms) => [String(ms / 1000), value(ms)]),
    )
  const bad = (ms: number) =>
    ms >= incident.began_ms && (incident.state === 'open' || ms < incident.resolved_ms)
  return {
    clock: 'received_time',
    from_ms,
    to_ms,
    step_ms,
    hops: {
      encoder: { metric: 'encoder_fps', series: steps(() => 30) },
      origin: { metric: 'origin_ttfb', series: steps((ms) => 24 + 2 * noise(ms)) },
      edge: {
        metric: 'edge_ttfb',
        series: steps((ms) => (bad(ms) ? 840 : 62) * (1 + 0.05 * noise(ms))),
        others: steps((ms) => 62 * (1 + 0.05 * noise(ms + 1))),
        worst: 872,
      },
      player: {
        metric: 'rebuffering_frequency',
        series: steps((ms) => (bad(ms - 4000) ? 24 : 0.02) * (1 + 0.05 * noise(ms))),
        others: steps(() => 0.02),
        worst: 25.1,
      },
    },
  }
}

export const sessionRows = (at_ms: number, incident: IncidentView): SessionRow[] =>
  Array.from({ length: 8 }, (_, index) => ({
    session: `d11-${(1000 + index * 37).toString(36).padStart(4, '0')}`,
    show: incident.show,
    stream: incident.stream,
    app: ['shop', 'video', 'mini'][index % 3]!,
    cdn: 'cdn-b',
    isp: OPERATORS[index % 4]!,
    region: 'Guangdong',
    device: 'phone',
    first_ms: at_ms - 300_000,
    last_ms: at_ms - 2_000,
    stalled_ms: 21_000 - index * 1_700,
    stalls: 14 - index,
    failures: 0,
    latency_ms: 2140,
    bitrate_kbps: 1400,
  }))

/** The list of shows that belongs to some pictures. */
export function listOf(pictures: readonly Snapshot[], at_ms: number): ShowList {
  return {
    clock: 'received_time',
    tenant: 'demo',
    at_ms,
    live: true,
    incidents: Object.assign({}, ...pictures.map(({ incidents }) => incidents)),
    shows: Object.fromEntries(
      pictures.map((picture) => [
        picture.show,
        {
          watching: picture.ended === undefined ? (picture.values.concurrent_plays ?? 0) : 0,
          stall_ratio: picture.ended === undefined ? picture.values.rebuffering_ratio : undefined,
          first_screen_ms: picture.ended === undefined ? picture.values.video_startup_time : undefined,
          latency_ms: picture.ended === undefined ? picture.values.live_latency : undefined,
          streams: Object.keys(picture.streams).length,
          apps: Object.keys(picture.apps).length,
          data_ms: picture.data_ms,
          open: Object.values(picture.incidents).filter(({ state }) => state === 'open').length,
          ended: picture.ended,
          series: picture.series.concurrent_plays ?? {},
        },
      ]),
    ),
  }
}
