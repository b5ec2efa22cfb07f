/** One sample of a Prometheus metrics page. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** NaN and ±Inf where the page says so. */
  readonly value: number
}

const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  '+inf': Number.POSITIVE_INFINITY,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
}

const TEXT = '"(?:[^"\\\\]|\\\\.)*"'
const LINE = new RegExp(`^\\s*([a-zA-Z_:][\\w:.]*)?\\s*(?:\\{((?:[^"}]|${TEXT})*)\\})?\\s*(\\S+)`)
/** `label="value"`, or the metric's own name in quotation marks, as Prometheus 3 writes names with other letters. */
const LABELS = new RegExp(`(?:([\\w.:]+|${TEXT})\\s*=\\s*)?(${TEXT})`, 'g')

const unquoted = (text: string): string =>
  text.slice(1, -1).replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each))

/**
 * Samples of a page in Prometheus' text format (version 0.0.4 and 1.0) or OpenMetrics'; lines that are none are passed over.
 * Time stamps and exemplars behind the value are not read.
 */
export function readPrometheus(text: string): Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue
    const found = LINE.exec(line)
    if (found === null) continue
    const [, plain = '', list = '', written = ''] = found
    const value = SPECIAL[written.toLowerCase()] ?? Number(written)
    if (Number.isNaN(value) && written.toLowerCase() !== 'nan') continue
    const labels: Record<string, string> = Object.create(null)
    let name = plain
    for (const [, label, quoted = ''] of list.matchAll(LABELS)) {
      if (label === undefined) name ||= unquoted(quoted)
      else labels[label.startsWith('"') ? unquoted(label) : label] = unquoted(quoted)
    }
    if (name !== '') samples.push({ name, labels, value })
  }
  return samples
}
