/**
 * What Firstframe says about itself. Logic emits facts; `telemetry/` alone turns them into Prometheus metrics
 * (`firstframe_<fact>_…`) and log lines. A new fact is one entry here and one `emit({ type: … })` where it happens.
 */

interface FactSpec {
  /** What happened, in one sentence: the metric's HELP and the log line's meaning. */
  readonly help: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Field names that become labels: few values each, never a session. */
  readonly labels?: readonly string[]
  /** Numeric fields summed into `firstframe_<fact>_<field>_total`. `count` of the fact itself is always kept. */
  readonly sums?: readonly string[]
  /** Numeric fields in seconds observed as a histogram `firstframe_<fact>_<field>` (the field's name ends in _seconds). */
  readonly histograms?: readonly string[]
  /** Numeric fields kept as a gauge `firstframe_<fact>_<field>`. */
  readonly gauges?: readonly string[]
}

type Registry = Readonly<Record<string, FactSpec>>

export const FACTS = {
  started: { help: 'A role is up and takes work.', level: 'info', labels: ['role'] },
  stopped: { help: 'A role stopped in good order.', level: 'info', labels: ['role'] },
  rows_written: {
    help: 'Rows went into the store; `repeated` ones were known and left out.',
    level: 'debug',
    labels: ['table'],
    sums: ['rows', 'repeated'],
    histograms: ['seconds'],
  },
  write_read: {
    help: 'The writer took messages from the log.',
    level: 'debug',
    labels: ['topic'],
    gauges: ['lag'],
  },
  write_retried: {
    help: 'The store did not take an insert; it is tried again.',
    level: 'warn',
    labels: ['table'],
  },
  write_set_apart: {
    help: 'A message can never be inserted and went to the dead letters.',
    level: 'error',
    labels: ['table', 'code'],
  },
  write_interrupted: {
    help: 'Writing a range ended early; it will be done again under the same token.',
    level: 'warn',
  },
  dedupe_rebuilt: {
    help: 'The numbers seen in the last half hour were read again from the log.',
    level: 'info',
    labels: ['table'],
    sums: ['rows'],
    histograms: ['seconds'],
  },
  watch_skipped: {
    help: 'The watcher could not read a batch; the writer sets it apart.',
    level: 'error',
    labels: ['topic'],
  },
  clock_ahead: {
    help: 'A collector’s clock is more than ten minutes ahead of the watcher’s: its ticks do not count.',
    level: 'error',
    labels: ['collector'],
  },
  state_damaged: {
    help: 'An entry of a compacted topic cannot be read and is left out: an incident, a silence or a show is forgotten until it is said again.',
    level: 'error',
    labels: ['topic'],
  },
  watch_set_back: {
    help: 'A collector’s clock was set back: the watcher fills its windows again from the log.',
    level: 'warn',
  },
  window_late: {
    help: 'Rows came after their window was judged; they were added all the same.',
    level: 'debug',
    sums: ['rows'],
  },
  watermark: {
    help: 'The watcher judged everything received before.',
    level: 'debug',
    gauges: ['lag_seconds', 'streams'],
  },
  bug: {
    help: 'Something happened that the code holds to be impossible.',
    level: 'error',
    labels: ['where'],
  },
  log_flushed: {
    help: 'The embedded log put a group of appended messages on the disk in one flush.',
    level: 'debug',
    sums: ['messages'],
    histograms: ['flush_seconds'],
  },
  log_append_failed: { help: 'A log could not take messages.', level: 'error', labels: ['log'] },
  log_handler_failed: {
    help: 'A reader of the log rejected a batch; it gets the same batch again.',
    level: 'warn',
    labels: ['group', 'topic'],
  },
  log_reader_left: {
    help: 'A member of a consumer group fell out of it and joins again.',
    level: 'warn',
    labels: ['group'],
  },
  kafka_client: { help: 'What the Kafka client says of its own retries.', level: 'debug' },
  kafka_codec_missing: { help: 'A compression codec is not there; another is written.', level: 'warn' },
  log_spill_began: {
    help: 'The log does not take messages of a partition: they wait on the disk.',
    level: 'warn',
    labels: ['topic'],
  },
  log_spill_ended: {
    help: 'All messages of a partition that waited on the disk are in the log.',
    level: 'info',
    labels: ['topic'],
  },
  log_spilled: {
    help: 'Messages went to the disk because the log was away.',
    level: 'debug',
    labels: ['topic'],
    sums: ['messages'],
    gauges: ['spill_bytes'],
  },
  log_unspilled: {
    help: 'Messages that had waited on the disk were appended to the log.',
    level: 'debug',
    labels: ['topic'],
    sums: ['messages'],
    gauges: ['spill_bytes'],
  },
  log_trim_failed: { help: 'The embedded log could not remove old messages.', level: 'error' },
  log_trimmed_unread: {
    help: 'The bound on the log demanded that messages be removed which a group had not read.',
    level: 'error',
    labels: ['topic'],
    sums: ['messages', 'bytes'],
  },
  store_ready: {
    help: 'The embedded store answers.',
    level: 'info',
    gauges: ['restarts'],
    histograms: ['start_seconds'],
  },
  store_died: {
    help: 'The embedded store ended by itself and is started again.',
    level: 'error',
  },
  store_partition_dropped: {
    help: 'A day of a table was dropped: past its retention, or because the disk bound was reached.',
    level: 'info',
    labels: ['table', 'reason'],
    sums: ['bytes'],
  },
  store_size: {
    help: 'What the store takes on disk, and how much of it is over the bound and may not be dropped.',
    level: 'debug',
    gauges: ['bytes', 'over_bytes'],
  },
  remote_write_failed: {
    help: 'The receiver of remote write did not take metrics. What may be sent again is; this is said once, until it takes them.',
    level: 'warn',
  },
  traces_failed: {
    help: 'The receiver of traces did not take them. The newest are kept and sent again; this is said once, until it takes them.',
    level: 'warn',
  },
  store_retention_failed: {
    help: 'Retention could not look or drop; it tries again.',
    level: 'warn',
  },
  requests_answered: {
    help: 'Requests the collector answered in the last second.',
    level: 'debug',
    labels: ['route', 'status'],
    sums: ['requests'],
  },
  events_taken: {
    help: 'Events the collector took in the last second.',
    level: 'debug',
    labels: ['kind'],
    sums: ['events'],
  },
  events_refused: {
    help: 'Events or whole bodies the collector refused in the last second.',
    level: 'debug',
    labels: ['code'],
    sums: ['events'],
  },
  batch_appended: {
    help: 'The collector put a batch of rows into the log.',
    level: 'debug',
    sums: ['rows', 'bytes'],
    histograms: ['append_seconds'],
  },
  batch_refused: {
    help: 'The log did not take a batch; its senders were told to try again.',
    level: 'error',
    labels: ['code'],
    sums: ['rows'],
  },
  dead_letters_dropped: {
    help: 'More of a tenant was refused than is kept as dead letters; without a tenant: of requests without a known key.',
    level: 'warn',
    labels: ['tenant'],
    sums: ['letters'],
  },
  dimension_over_budget: {
    help: 'A tenant brought more values of a dimension in an hour than its budget; further ones became ~other.',
    level: 'warn',
    labels: ['dimension'],
  },
  streams_over_budget: {
    help: 'Players of a tenant named more pairs of show and stream in an hour than its budget; further ones became ~other.',
    level: 'warn',
    labels: ['tenant'],
    gauges: ['streams'],
  },
  overload_began: {
    help: 'More comes than the collector can take: it refuses a share of the requests, those of whoever sends most first.',
    level: 'warn',
    gauges: ['lag_ms', 'admitted'],
  },
  overload_ended: { help: 'The collector takes every request again.', level: 'info' },
  events_set_apart: {
    help: 'Events of sessions that cannot be believed: stored with weight 0.',
    level: 'debug',
    labels: ['tenant'],
    sums: ['events'],
  },
  requests_limited: {
    help: 'Requests beyond what a tenant’s keys or an address prefix may send were answered 429 in the last second.',
    level: 'warn',
    labels: ['tenant'],
    sums: ['requests'],
  },
  addresses_failed: {
    help: 'A table of countries or network operators could not be loaded; they stay empty.',
    level: 'warn',
    labels: ['table'],
  },
  route_failed: {
    help: 'A handler of the collector threw; the request was answered 500.',
    level: 'error',
    labels: ['route'],
  },
  probe_checked: {
    help: 'A probe finished a check.',
    level: 'debug',
    labels: ['verdict', 'reason'],
    sums: ['bytes'],
    histograms: ['seconds'],
  },
  probe_late: {
    help: 'A check was due while as many as allowed were running; it began later.',
    level: 'debug',
    histograms: ['late_seconds'],
  },
  probe_not_checkable: {
    help: 'A target could not be checked at all: its address or this machine is at fault.',
    level: 'error',
  },
  probe_sent: {
    help: 'A probe delivered results to the collector.',
    level: 'debug',
    sums: ['events', 'refused'],
  },
  probe_refused: {
    help: 'The collector refused results of a probe: they are not stored. `why` is its code: docs/data/reasons.md.',
    level: 'warn',
  },
  probe_send_failed: {
    help: 'The collector did not take a probe’s results; they are kept within a bound and sent again.',
    level: 'warn',
    gauges: ['waiting'],
  },
  incident_changed: {
    help: 'An incident was opened, updated, reopened or resolved.',
    level: 'info',
    labels: ['change', 'hop', 'severity', 'notify'],
  },
  notification_sent: {
    help: 'A receiver took a notification.',
    level: 'info',
    labels: ['receiver', 'event'],
  },
  notification_failed: {
    help: 'A receiver did not take a notification; it is tried again unless it is given up.',
    level: 'warn',
    labels: ['receiver', 'final'],
  },
  ingest_poll_failed: {
    help: 'A media server or encoder that is asked does not answer; told once until it does.',
    level: 'warn',
    labels: ['source'],
  },
  ingest_poll_recovered: { help: 'It answers again.', level: 'info', labels: ['source'] },
  ingest_hook_refused: {
    help: 'A hook left no event: its key is unknown (the publisher goes on), or the stream may not be published (the publisher is refused).',
    level: 'warn',
    labels: ['source', 'code'],
  },
  ingest_hook_unread: {
    help: 'A hook in a form that is not known was let through without an event.',
    level: 'warn',
    labels: ['source', 'code'],
  },
  ingest_value_unread: {
    help: 'A source wrote a number that cannot be right; it is stored as missing.',
    level: 'warn',
    labels: ['source', 'field'],
  },
  ingest_hooks_lost: {
    help: 'A source says that hooks of its own were lost on the way.',
    level: 'warn',
    labels: ['source'],
    sums: ['hooks'],
  },
  ingest_send_failed: {
    help: 'What a source said could not be sent on.',
    level: 'warn',
    labels: ['source'],
  },
  ingest_tap_ended: {
    help: 'Listening to a stream to measure it has ended.',
    level: 'info',
    labels: ['source'],
  },
} as const satisfies Registry

export type FactName = keyof typeof FACTS

/** One fact: its type, and whatever fields tell the rest. `error` and free text go to the log line only. */
export type Fact = { readonly type: FactName; readonly [field: string]: unknown }

/** Passed to whatever does work; never a global. */
export type Emit = (fact: Fact) => void
