import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { incidentTable } from '../panels/incidents.ts'
import { linesPanel, metricLines, statesPanel, tablePanel } from '../panels/panels.ts'
import {
  SESSION_BITRATE,
  SESSION_EVENTS,
  SESSION_FACTS,
  SESSION_STALLS,
  SESSION_START,
  SESSION_STATES,
  SESSIONS_SEEN,
} from '../sql/sessionQueries.ts'

const own = (text: string, kind: string) => describe(text, 'event_time', `${kind} (raw rows of one session)`)

/** One viewer's timeline, and under it what the link did at the same time. */
export function session() {
  return board(
    'session',
    {
      about:
        'One viewer’s timeline with the hops of the stream under it. Choose a session below, or come from a table of sessions.',
      filters: ['stream'],
      texts: { session: '' },
      refresh: '30s',
    },
    [
      tablePanel({
        title: 'Who it is',
        description: own('Where it watched from, and what it felt in all.', 'heartbeat'),
        sql: SESSION_FACTS,
        span: 24,
        height: 4,
        columns: { played: { unit: 'ms' }, stalled: { unit: 'ms' } },
      }),
      statesPanel({
        title: 'State',
        description: own('What the player was doing when each report was made.', 'heartbeat'),
        sql: SESSION_STATES,
        words: {
          playing: { text: 'playing', color: 'blue' },
          stalled: { text: 'stalled', color: 'red' },
          failed: { text: 'failed', color: 'red' },
          starting: { text: 'starting', color: 'text' },
          paused: { text: 'paused', color: 'text' },
          seeking: { text: 'seeking', color: 'text' },
          ended: { text: 'ended', color: 'text' },
        },
        span: 24,
        height: 4,
      }),
      linesPanel({
        title: 'Stalled, buffer, latency',
        description: own(
          'Time stalled in each report, media ahead of the playhead, and time from filmed to shown.',
          'heartbeat',
        ),
        sql: SESSION_STALLS,
        unit: 'ms',
        span: 12,
      }),
      linesPanel({
        title: 'Bitrate and throughput',
        description: own('What was played, and what the network gave.', 'heartbeat'),
        sql: SESSION_BITRATE,
        unit: 'Kbits',
        span: 12,
      }).axisSoftMin(0),
      tablePanel({
        title: 'Start',
        description: own('The attempt to start and its phases.', 'startup'),
        sql: SESSION_START,
        span: 24,
        height: 4,
        columns: {
          first_screen: { metric: 'video_startup_time' },
          ...Object.fromEntries(STARTUP_PHASES.map((phase) => [phase, { unit: 'ms' }])),
        },
      }),
      tablePanel({
        title: 'What happened',
        description: own(
          'Starts, stalls, switches, errors, interactions and rounds, in order.',
          'startup, heartbeat, interaction, cue',
        ),
        sql: SESSION_EVENTS,
        span: 24,
        height: 9,
      }),
      'The stream’s hops at the same time',
      metricLines('encoder_fps', { by: 'node', span: 8, filters: ['stream'] }),
      metricLines('ingest_bitrate', { by: 'node', span: 8, filters: ['stream'] }),
      metricLines('transcode_speed', { by: 'node', span: 8, filters: ['stream'] }),
      metricLines('origin_ttfb', { by: 'node', span: 8, filters: ['stream'] }),
      metricLines('edge_ttfb', { by: 'cdn', span: 8, filters: ['stream'] }),
      metricLines('rebuffering_ratio', {
        by: 'cdn',
        span: 8,
        filters: ['stream'],
        title: 'Everybody’s stall ratio by CDN',
      }),
      incidentTable({ span: 24, height: 5 }),
      'Choose another session',
      tablePanel({
        title: 'Sessions of the last minute',
        description: describe(
          'Sessions seen in the last minute of the board’s time, the longest stalls first.',
          'received_time',
          'heartbeat (raw rows of one minute)',
        ),
        sql: SESSIONS_SEEN,
        span: 24,
        columns: {
          session: { leadsTo: 'session', carrying: ['stream'], width: 260 },
          stalled: { unit: 'ms' },
        },
      }),
    ],
  )
}
