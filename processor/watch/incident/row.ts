import type { Incident } from './incident.ts'

/** The incident as a row of the table `incident` (schemas/system.ts). */
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
    evidence: JSON.stringify(incident.evidence),
    began_time: incident.began_ms,
    opened_time: incident.opened_ms,
    updated_time: incident.updated_ms,
    resolved_time: incident.resolved_ms,
  }
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0)
