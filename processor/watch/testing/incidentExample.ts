import type { Incident, IncidentChange } from '../../../schemas/incident.ts'

/** An incident as it stands in a page, for tests of what comes after judgement. */
export const exampleIncident = (change: Partial<Incident> = {}): Incident => ({
  id: 'inc-0123456789abcdef',
  tenant: 'demo',
  show: 'double-11',
  stream: 'main',
  family: 'media',
  version: 1,
  state: 'open',
  severity: 'critical',
  rule: 'rebuffering_frequency-baseline',
  metric: 'rebuffering_frequency',
  hop: 'edge',
  cause: { cdn: 'cdn-b', region: 'Guangdong' },
  explains: 0.91,
  confidence: 0.99,
  viewers: 118_400,
  value: 1.6,
  baseline: 0.2,
  began_ms: Date.UTC(2026, 10, 11, 12, 13, 58),
  opened_ms: Date.UTC(2026, 10, 11, 12, 14, 1),
  updated_ms: Date.UTC(2026, 10, 11, 12, 14, 1),
  resolved_ms: 0,
  reopened: 0,
  paged: true,
  summary_en: 'Stalls up eightfold behind cdn-b in Guangdong · 118,400 viewers',
  summary_zh: 'cdn-b Guangdong地区 卡顿次数升至平时的 8 倍 · 影响 118,400 名观众',
  evidence: {
    because: 'sick',
    player_only: false,
    clean: ['encoder', 'ingest', 'origin'],
    symptoms: [],
    timeline: { from_ms: 0, step_ms: 1000, hops: [] },
    dashboard: 'https://firstframe.example/?at=1',
    runbook: 'https://firstframe.example/runbooks/rebuffering_frequency-baseline',
  },
  children: [],
  ...change,
})

export const exampleChange = (
  notify: IncidentChange['notify'],
  change: Partial<Incident> = {},
): IncidentChange => ({
  change: notify === 'resolve' ? 'resolved' : notify === 'page' ? 'opened' : 'updated',
  notify,
  incident: exampleIncident(
    notify === 'resolve'
      ? { state: 'resolved', resolved_ms: Date.UTC(2026, 10, 11, 12, 20), ...change }
      : change,
  ),
})
