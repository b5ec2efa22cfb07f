import type { Fields } from './field.ts'

interface SystemTableSpec {
  readonly help: string
  readonly fields: Fields
  readonly retention_days: number
  /** Rows with the same key replace each other by the largest `version` column. */
  readonly replaced_by?: { readonly key: readonly string[]; readonly version: string }
  readonly order_by: readonly string[]
  /** The column whose day is the partition. */
  readonly time: string
}

/** Tables of our own that travel the same path as events: log, writer, store. */
export const SYSTEM_TABLES = {
  dead_letter: {
    help: 'What was refused or could not be written, with its reason, so that nothing vanishes unseen.',
    retention_days: 7,
    order_by: ['tenant', 'received_time'],
    time: 'received_time',
    fields: {
      tenant: { type: 'label', help: 'Whose it was, if known.' },
      received_time: { type: 'time', help: 'When it came.' },
      stage: { type: 'label', help: 'Who set it apart: collector or writer.' },
      code: { type: 'label', help: 'The reason: see the table of reasons.' },
      kind: { type: 'label', help: 'What it said it was.' },
      session: { type: 'text', help: 'The session, if it named one.' },
      detail: { type: 'text', max_length: 1024, help: 'Which field, and what was wrong with it.' },
      body: { type: 'text', max_length: 16_384, help: 'The event itself, cut at 16 KiB.' },
    },
  },
  incident: {
    help: 'One row a change of an incident; the newest version of an id is its state. Grafana shows it as an annotation.',
    retention_days: 365,
    replaced_by: { key: ['tenant', 'id'], version: 'version' },
    order_by: ['tenant', 'id'],
    time: 'opened_time',
    fields: {
      tenant: { type: 'label', help: 'Whose.' },
      id: { type: 'text', required: true, help: 'Names the incident; the same after a restart.' },
      version: { type: 'u32', required: true, help: 'Counts its changes from 1.' },
      show: { type: 'label', help: 'The show.' },
      stream: { type: 'label', help: 'The stream.' },
      state: { type: 'label', values: ['open', 'resolved'], help: 'Whether it is over.' },
      severity: { type: 'label', values: ['critical', 'warning', 'info'], help: 'Whether it pages.' },
      rule: { type: 'label', help: 'The rule that found it; names its runbook.' },
      metric: { type: 'label', help: 'The metric that is bad.' },
      hop: { type: 'label', help: 'Where on the link it breaks.' },
      cause: { type: 'text', help: 'Dimension values that explain it, as a JSON object; {} is everywhere.' },
      summary_en: { type: 'text', help: 'What a person would say.' },
      summary_zh: { type: 'text', help: 'The same in Chinese.' },
      value: { type: 'f64', min: -1e300, help: 'The metric now.' },
      baseline: { type: 'f64', min: -1e300, help: 'The metric before.' },
      explains: { type: 'f32', max: 1, help: 'Share of the excess that the cause explains.' },
      confidence: { type: 'f32', max: 1, help: 'How sure the cause is.' },
      viewers: { type: 'f64', help: 'Concurrent viewers affected.' },
      streams: {
        type: 'text',
        max_length: 65_536,
        help: 'Its streams as a JSON array of {show, stream, state, viewers}, those with the most viewers first; at most 50.',
      },
      stream_count: { type: 'u32', help: 'How many streams it is felt in.' },
      show_count: { type: 'u32', help: 'How many shows it is felt in.' },
      lost_minutes: {
        type: 'f64',
        help: 'Viewer minutes lost so far: viewers × how much each of them loses × minutes.',
      },
      unpaged: {
        type: 'label',
        values: ['', 'tiny', 'folded', 'silenced', 'maintenance'],
        help: 'Why nobody was paged although it was open; empty if somebody was.',
      },
      reopened: {
        type: 'u32',
        help: 'How often it came back within two minutes of its end; each time is a page.',
      },
      evidence: { type: 'text', max_length: 65_536, help: 'What was seen hop by hop, as JSON.' },
      began_time: { type: 'time', help: 'When the first affected beacon came.' },
      opened_time: { type: 'time', help: 'When it was found.' },
      updated_time: { type: 'time', help: 'When this version was made.' },
      resolved_time: { type: 'time', help: 'When it was over; 1970 while open.' },
    },
  },
} as const satisfies Readonly<Record<string, SystemTableSpec>>

export type SystemTable = keyof typeof SYSTEM_TABLES
