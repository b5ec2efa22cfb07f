import type { Snapshot } from '../../../console/api.ts'
import { cutEncoder, incidentOf, type SceneOptions, sceneOf } from './scene.ts'
import type { Play } from './serve.ts'

const MINUTE_MS = 60_000

const play = (
  pictures: (at_ms: number, begun_ms: number) => readonly Snapshot[],
  behaviour: Play['behaviour'] = 'well',
): Play => {
  // Incidents have one beginning, however often the picture is drawn.
  const begun_ms = Math.floor(Date.now() / 1000) * 1000
  return { pictures: (at_ms) => pictures(at_ms, begun_ms), behaviour }
}

/** One incident at the edge, struck 72 s ago. */
const oneIncident = (at_ms: number, begun_ms: number, more: Partial<SceneOptions> = {}): Snapshot => {
  const began_ms = begun_ms - 72_000
  const incident = incidentOf({ id: 'inc-edge', began_ms, ...(more.watching === 1_204_311 ? MEGA : {}) })
  return sceneOf({
    at_ms,
    incidents: [incident],
    faults: [
      { hop: 'edge', metric: 'edge_ttfb', bad: 840, from_ms: began_ms, incident: incident.id },
      {
        hop: 'player',
        metric: 'rebuffering_frequency',
        bad: 24,
        from_ms: began_ms + 4000,
        incident: incident.id,
      },
    ],
    ...more,
  })
}

const MEGA = {
  viewers: 118_400,
  summary_en: 'Stalls up eightfold behind cdn-b in Guangdong · 118,400 viewers',
  summary_zh: 'cdn-b Guangdong地区 卡顿次数升至平时的 8 倍 · 影响 118,400 名观众',
} as const

export const LONG_STREAMS = Array.from(
  { length: 12 },
  (_, index) => `double-eleven-main-stage-camera-${index + 1}-hevc-2160p`,
)

/** One fault on three streams, and two others. */
const three = (at_ms: number, begun_ms: number): Snapshot => {
  const began_ms = begun_ms - 72_000
  const streams = ['stage', 'kitchen', 'backstage']
  const same = streams.map((stream, index) =>
    incidentOf({
      id: `inc-g${index}`,
      show: 'harvest-fair',
      stream,
      began_ms: began_ms + index * 2000,
      viewers: [26, 20, 13][index]!,
    }),
  )
  return sceneOf({
    at_ms,
    show: 'harvest-fair',
    watching: 842,
    streams,
    incidents: [
      ...same,
      incidentOf({
        id: 'inc-origin',
        show: 'harvest-fair',
        stream: 'kitchen',
        began_ms: begun_ms - 30_000,
        hop: 'origin',
        metric: 'origin_errors',
        rule: 'origin_errors-baseline',
        cause: { node: 'origin-2' },
        severity: 'warning',
        viewers: 12,
        summary_en: 'Origin errors up from 0 % to 2.5 % at origin-2 · 12 viewers',
        summary_zh: 'origin-2 源站错误率从 0 % 升至 2.5 % · 影响 12 名观众',
      }),
      incidentOf({
        id: 'inc-game',
        show: 'harvest-fair',
        stream: 'stage',
        began_ms: begun_ms - 20_000,
        hop: 'interaction',
        metric: 'interaction_success',
        rule: 'interaction_success-objective',
        cause: { app: 'mini' },
        severity: 'warning',
        viewers: 2,
        summary_en: 'Interactions that succeed in the app mini at 91 % where 99.5 % is wanted · 2 viewers',
        summary_zh: 'mini 应用 互动成功率 91 %，目标 99.5 % · 影响 2 名观众',
      }),
    ],
    faults: [
      { hop: 'edge', metric: 'edge_ttfb', bad: 840, from_ms: began_ms, incident: 'inc-g0' },
      {
        hop: 'player',
        metric: 'rebuffering_frequency',
        bad: 24,
        from_ms: began_ms + 4000,
        incident: 'inc-g0',
      },
    ],
  })
}

const CAUSES = [
  { cdn: 'cdn-a', region: 'Zhejiang' },
  { cdn: 'cdn-c' },
  { isp: 'China Unicom' },
  { region: 'Sichuan' },
  { player_version: '5.2.0' },
  { app: 'mini' },
  { device: 'tablet' },
  { cdn: 'cdn-a', region: 'Beijing' },
  { isp: 'China Mobile', region: 'Hubei' },
  { network: '4g' },
  { cdn: 'cdn-c', region: 'Shandong' },
] as const

/** Twelve incidents of twelve causes on a show of 1.2 million. */
const twelve = (at_ms: number, begun_ms: number, streams: readonly string[] = LONG_STREAMS): Snapshot => {
  const entry = oneIncident(at_ms, begun_ms, { watching: 1_204_311, streams })
  const others = CAUSES.map((cause, index) => {
    const where = Object.values(cause).join(' ')
    return incidentOf({
      id: `inc-${index}`,
      began_ms: begun_ms - (13 - index) * 45_000,
      cause,
      stream: LONG_STREAMS[index]!,
      hop: 'cdn' in cause ? 'edge' : 'player',
      severity: index % 3 === 0 ? 'critical' : 'warning',
      viewers: 2 + index * index * 60,
      summary_en: `Stalls up threefold: ${where} · ${2 + index * index * 60} viewers`,
      summary_zh: `${where} 卡顿次数升至平时的 3 倍 · 影响 ${2 + index * index * 60} 名观众`,
    })
  })
  return {
    ...entry,
    incidents: { ...entry.incidents, ...Object.fromEntries(others.map((each) => [each.id, each])) },
  }
}

const FIFTY = Array.from({ length: 50 }, (_, index) => `room-${index + 1}`)

/** Every state of the page that has a picture, by name. */
export const PLAYS = {
  calm: () => play((at_ms) => [sceneOf({ at_ms })]),
  one: () => play((at_ms, begun_ms) => [oneIncident(at_ms, begun_ms)]),
  three: () => play((at_ms, begun_ms) => [three(at_ms, begun_ms)]),
  twelve: () => play((at_ms, begun_ms) => [twelve(at_ms, begun_ms)]),
  fifty: () => play((at_ms, begun_ms) => [twelve(at_ms, begun_ms, FIFTY)]),
  cut: () =>
    play((at_ms, begun_ms) => {
      const silent_ms = begun_ms - 4 * MINUTE_MS
      return [
        sceneOf({
          at_ms,
          incidents: [cutEncoder(silent_ms)],
          silent: { encoder: silent_ms, ingest: silent_ms + 1000, transcode: silent_ms + 2000 },
        }),
      ]
    }),
  /** The edge's incident is over; it is still on the axis. */
  resolved: () =>
    play((at_ms, begun_ms) => {
      const [began_ms, resolved_ms] = [begun_ms - 6 * MINUTE_MS, begun_ms - 2 * MINUTE_MS]
      const incident = incidentOf({ id: 'inc-edge', began_ms, resolved_ms, state: 'resolved' })
      const fault = { from_ms: began_ms, to_ms: resolved_ms, incident: incident.id }
      return [
        sceneOf({
          at_ms,
          incidents: [incident],
          faults: [
            { hop: 'edge', metric: 'edge_ttfb', bad: 840, ...fault },
            { hop: 'player', metric: 'rebuffering_frequency', bad: 24, ...fault },
          ],
        }),
      ]
    }),
  ended: () =>
    play((at_ms, begun_ms) => {
      const ended_ms = begun_ms - 22 * MINUTE_MS
      void at_ms
      return [
        sceneOf({
          at_ms: ended_ms,
          watching: 41,
          ended: { at_ms: ended_ms, peak: 63 },
          silent: Object.fromEntries(
            ['encoder', 'ingest', 'transcode', 'origin', 'edge', 'player', 'interaction'].map((hop) => [
              hop,
              ended_ms - 25_000,
            ]),
          ),
        }),
      ]
    }),
  small: () =>
    play((at_ms) => [
      sceneOf({
        at_ms,
        show: 'rehearsal-room',
        watching: 3,
        heat: {
          'China Telecom': { 'cdn-a': { value: 0.31, watching: 1 }, 'cdn-b': { value: 0, watching: 1 } },
          'China Unicom': { 'cdn-b': { value: 0.002, watching: 1 } },
        },
      }),
    ]),
  mega: () =>
    play((at_ms, begun_ms) => [oneIncident(at_ms, begun_ms, { watching: 1_204_311, streams: LONG_STREAMS })]),
  lost: () => play((at_ms, begun_ms) => [oneIncident(at_ms, begun_ms)]),
  /** Twelve shows, one of them broken, one over, long names. */
  shows: () =>
    play((at_ms, begun_ms) => [
      oneIncident(at_ms, begun_ms),
      three(at_ms, begun_ms),
      ...Array.from({ length: 9 }, (_, index) =>
        sceneOf({ at_ms, show: `double-eleven-side-stage-${index + 1}-of-nine`, watching: 900 - index * 71 }),
      ),
      sceneOf({
        at_ms: begun_ms - 22 * MINUTE_MS,
        show: 'morning-show',
        watching: 41,
        ended: { at_ms: begun_ms - 22 * MINUTE_MS, peak: 63 },
      }),
    ]),
} as const satisfies Readonly<Record<string, () => Play>>
