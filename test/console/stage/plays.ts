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
      {
        hop: 'origin',
        metric: 'origin_errors',
        bad: 0.025,
        from_ms: begun_ms - 30_000,
        incident: 'inc-origin',
      },
      {
        hop: 'interaction',
        metric: 'interaction_success',
        bad: 0.91,
        from_ms: begun_ms - 20_000,
        incident: 'inc-game',
      },
    ],
  })
}

/** Names that senders choose: none, sixty letters, of the other direction, of pictures; and two hundred of them. */
export const HOSTILE_STREAMS = [
  '',
  'a-name-of-sixty-letters-that-says-everything-about-its-stream',
  'a-name-of-sixty-letters-that-says-everything-about-its-STREAM',
  'البث-المباشر-للحفل-الكبير-من-المسرح-الرئيسي',
  '👩‍👩‍👧‍👦🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉',
  '<img src=x onerror=alert(1)>',
  ...Array.from({ length: 194 }, (_, index) => `room-${index + 1}`),
]

/** A show of 200 streams with names of every kind, and incidents that begin there. */
const hostile = (at_ms: number, begun_ms: number): Snapshot => {
  const began_ms = begun_ms - 72_000
  return sceneOf({
    at_ms,
    watching: 4_211,
    streams: HOSTILE_STREAMS,
    set_apart: 1_204,
    incidents: HOSTILE_STREAMS.slice(0, 6).map((stream, index) =>
      incidentOf({
        id: `inc-h${index}`,
        stream,
        began_ms: began_ms - index * 1000,
        viewers: index === 0 ? 1 : 20 * index,
        hop: index === 0 ? 'transcode' : 'edge',
        metric: index === 0 ? 'transcode_fps' : 'edge_ttfb',
        value: 12,
        cause: { cdn: stream.slice(0, 40) || 'cdn-a' },
        summary_en: `Edge first byte up tenfold: ${stream.slice(0, 40)} · 20 viewers`,
        summary_zh: `边缘首包升至 10 倍：${stream.slice(0, 40)} · 影响 20 名观众`,
      }),
    ),
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
  hostile: () => play((at_ms, begun_ms) => [hostile(at_ms, begun_ms)]),
  /** Nobody watches, and an incident is open that somebody has. */
  zero: () =>
    play((at_ms, begun_ms) => {
      const began_ms = begun_ms - 4 * 3_600_000
      const handling = {
        incident: 'inc-cut',
        tenant: 'demo',
        owner: 'ana',
        since_ms: began_ms,
        at_ms: began_ms,
      }
      return [
        sceneOf({
          at_ms,
          watching: 0,
          incidents: [
            cutEncoder(began_ms, {
              viewers: 0,
              reopened: 2,
              handling: { ...handling, note: 'OBS restarts' },
            }),
          ],
          silent: { encoder: began_ms, ingest: began_ms, transcode: began_ms },
        }),
      ]
    }),
  /** The show is over, and an incident of it was never resolved. */
  abandoned: () =>
    play((at_ms, begun_ms) => {
      const over_ms = begun_ms - 50 * MINUTE_MS
      return [sceneOf({ at_ms, incidents: [cutEncoder(over_ms)], quiet_since_ms: over_ms })]
    }),
  compared: () => play((at_ms, begun_ms) => [oneIncident(at_ms, begun_ms, { compared: true })]),
  nothing: () => play(() => []),
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
