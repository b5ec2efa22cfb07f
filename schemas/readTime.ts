const ISO = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?)?\s*(.*)$/

/**
 * ms since the epoch of an ISO 8601 time as programs write it: a blank for the `T`, a comma for the point, `+08`, `+0800`,
 * `UTC`. One without a zone is UTC: it was not written in the zone of whoever reads it. NaN for anything else.
 */
export function isoTime_ms(text: string | undefined): number {
  const found = ISO.exec(text?.trim() ?? '')
  if (found === null) return Number.NaN
  const [, day, time = '00:00', fraction, zone = ''] = found
  const offset = /^(|z|utc|gmt)$/i.test(zone) ? 'Z' : zone.replace(/^([-+]\d\d)$/, '$1:00')
  return Date.parse(`${day}T${time}${fraction === undefined ? '' : `.${fraction}`}${offset}`)
}
