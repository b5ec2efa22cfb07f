interface ReasonSpec {
  /** HTTP status when the whole request is refused for it; for one event of a batch the answer is 200 with the code. */
  readonly status: number
  /** Whether the same bytes can be taken later. */
  readonly retry: boolean
  /** What is wrong and how to mend it, for whoever reads the answer. */
  readonly help: string
}

/** Why something was refused: codes of answers and of dead letters. */
export const REASONS = {
  bad_json: { status: 400, retry: false, help: 'The body is not JSON. Send one JSON object, UTF-8.' },
  bad_cmcd: {
    status: 400,
    retry: false,
    help: 'The line is not CMCD (CTA-5004): keys and values separated by commas, strings in quotes.',
  },
  bad_log_line: {
    status: 400,
    retry: false,
    help: 'The log record does not fit its source’s field map. Compare with the map’s page.',
  },
  bad_beacon: {
    status: 400,
    retry: false,
    help: 'The body is JSON but no beacon: it needs `context` (an object) and `events` (a list).',
  },
  bad_encoding: {
    status: 415,
    retry: false,
    help: 'Send application/json or text/plain; compressed only by gzip, deflate or br.',
  },
  too_large: {
    status: 413,
    retry: false,
    help: 'The body is larger than the bound. Send fewer events a beacon.',
  },
  too_deep: {
    status: 400,
    retry: false,
    help: 'The JSON is nested too deep. Beacons are flat: context, events, fields.',
  },
  too_many_events: { status: 413, retry: false, help: 'More events than one beacon may hold. Split it.' },
  unknown_key: {
    status: 401,
    retry: false,
    help: 'The key is not known. Check `key`; `demo` exists from the start, server keys by `firstframe keys make`.',
  },
  bad_signature: {
    status: 403,
    retry: false,
    help: 'The signature or token does not fit. Check the secret and the clock.',
  },
  server_key_needed: {
    status: 403,
    retry: false,
    help: 'The write key of a page may only report what a player can know. Use a server key (`firstframe keys make`).',
  },
  not_permitted: {
    status: 403,
    retry: false,
    help: 'The tenant does not allow this origin, or the session token does not allow this report.',
  },
  not_configured: {
    status: 404,
    retry: false,
    help: 'This source is not turned on. Name it in firstframe.yaml.',
  },
  rate_limited: {
    status: 429,
    retry: true,
    help: 'More requests than this key may send. Slow down; Retry-After says how long.',
  },
  not_believed: {
    status: 429,
    retry: false,
    help: 'More reports of sessions that are not believed came from one network than are kept. Load tests speak with a server key; proxies are named in `trusted_proxies`.',
  },
  overloaded: {
    status: 503,
    retry: true,
    help: 'More comes than can be taken now. Keep the events and try again after Retry-After.',
  },
  unavailable: {
    status: 503,
    retry: true,
    help: 'The log cannot take more now. Keep the events and try again after Retry-After.',
  },
  not_found: {
    status: 404,
    retry: false,
    help: 'No such address. The public port has /v1/beacons, /v1/cmcd, /v1/edge, /v1/time, /healthz and /readyz.',
  },
  method_not_allowed: { status: 405, retry: false, help: 'This address takes another method.' },
  bad_request: { status: 400, retry: false, help: 'The HTTP request itself is broken.' },
  internal: { status: 500, retry: true, help: 'A fault of ours; it is logged. Try again.' },
  unknown_kind: {
    status: 400,
    retry: false,
    help: 'No such kind of event. The kinds are listed in the data dictionary.',
  },
  unknown_field: {
    status: 400,
    retry: false,
    help: 'This kind has no such field. Further keys go into `custom`.',
  },
  missing_field: { status: 400, retry: false, help: 'A required field is missing.' },
  wrong_type: {
    status: 400,
    retry: false,
    help: 'The value has the wrong type; numbers are numbers, not text.',
  },
  out_of_range: {
    status: 400,
    retry: false,
    help: 'The value is outside its range, or not one of the values allowed.',
  },
  too_long: { status: 400, retry: false, help: 'The text is longer than its bound.' },
  bad_time: { status: 400, retry: false, help: '`time_ms` is not an instant in milliseconds since 1970.' },
  too_late: {
    status: 400,
    retry: false,
    help: 'It is older than 30 minutes: repeats that old can no longer be told apart.',
  },
  not_insertable: {
    status: 500,
    retry: false,
    help: 'The store refused it for good; the rest of its batch went in.',
  },
  old_schema: {
    status: 500,
    retry: false,
    help: 'It was written under a schema that this version cannot read.',
  },
} as const satisfies Readonly<Record<string, ReasonSpec>>

export type Reason = keyof typeof REASONS

/** A refusal: a value, not an exception. */
export interface Refusal {
  readonly code: Reason
  /** Which field, and what came. */
  readonly detail?: string
}
