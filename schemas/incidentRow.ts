import type { Evidence, Incident, IncidentView } from './incident.ts'

/** The incident as a row of the table `incident` (`system.ts`). */
export function incidentRow(incident: Incident) {
  return {
    tenant: incident.tenant,
    id: incident.id,
    version: incident.version,
    show: incident.show,
    stream: incident.stream,
    state: incident.state,
    severity: incident.severity,
    rule: incident.rule,
    metric: incident.metric,
    hop: incident.hop,
    cause: JSON.stringify(incident.cause),
    summary_en: incident.summary_en,
    summary_zh: incident.summary_zh,
    value: finite(incident.value),
    baseline: finite(incident.baseline),
    explains: incident.explains,
    confidence: incident.confidence,
    viewers: Math.round(incident.viewers),
    streams: JSON.stringify(incident.streams ?? []),
    stream_count: incident.stream_count ?? 1,
    show_count: incident.show_count ?? 1,
    lost_minutes: finite(incident.lost_minutes ?? 0),
    unpaged: incident.unpaged ?? '',
    reopened: incident.reopened,
    evidence: JSON.stringify(incident.evidence),
    began_time: incident.began_ms,
    opened_time: incident.opened_ms,
    updated_time: incident.updated_ms,
    resolved_time: incident.resolved_ms,
  }
}

/** A row as it is read back: times in ms since the epoch, as numbers or as digits. */
export type IncidentRow = {
  readonly [Name in keyof ReturnType<typeof incidentRow>]:
    | ReturnType<typeof incidentRow>[Name]
    | (Name extends `${string}_time` ? string : never)
}

/** Evidence of a row that has none, or whose JSON was cut. */
const NO_EVIDENCE: Evidence = {
  because: '',
  player_only: false,
  clean: [],
  symptoms: [],
  timeline: undefined,
  dashboard: '',
  runbook: '',
}

/** The incident of a row, as the API answers it. A row of an older version may lack parts of the evidence. */
export function incidentView(row: IncidentRow): IncidentView {
  const { cause, evidence, streams, began_time, opened_time, updated_time, resolved_time, ...rest } = row
  return {
    ...rest,
    cause: parsed<IncidentView['cause']>(cause) ?? {},
    evidence: { ...NO_EVIDENCE, ...parsed<Evidence>(evidence) },
    streams: parsed<IncidentView['streams']>(streams) ?? [],
    began_ms: Number(began_time),
    opened_ms: Number(opened_time),
    updated_ms: Number(updated_time),
    resolved_ms: Number(resolved_time),
  }
}

function parsed<T>(text: string): T | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0)
