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

/**
 * Samples of a page in Prometheus' text format (version 0.0.4) or OpenMetrics'; lines that are none are passed over.
 * Time stamps and exemplars behind the value are not read.
 */
export function readPrometheus(text: string): Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const found = /^\s*([a-zA-Z_:][\w:.]*)\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s*(\S+)/.exec(line)
    if (found === null) continue
    const [, name = '', list = '', written = ''] = found
    const value = SPECIAL[written.toLowerCase()] ?? Number(written)
    if (Number.isNaN(value) && written.toLowerCase() !== 'nan') continue
    const labels: Record<string, string> = Object.create(null)
    for (const [, label, quoted] of list.matchAll(/([\w.:]+)\s*=\s*"((?:[^"\\]|\\.)*)"/g)) {
      labels[label!] = quoted!.replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each))
    }
    samples.push({ name, labels, value })
  }
  return samples
}
