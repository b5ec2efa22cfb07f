/** What k6 hands to `handleSummary`, as far as it is used here. */
export interface SummaryData {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly type: string
        readonly contains: string
        readonly values: Readonly<Record<string, number>>
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>
      }
    >
  >
  readonly state?: { readonly testRunDurationMs: number }
}

interface Row {
  readonly metric: string
  readonly threshold: string
  readonly ok: boolean
  readonly value: string
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4))

/** The value a threshold is about: `p(95)<=2500` of a trend is its `p(95)`. */
function valueFor(values: Readonly<Record<string, number>>, threshold: string): string {
  const name = /^\s*([a-z]+(?:\(\d+(?:\.\d+)?\))?)/.exec(threshold)?.[1] ?? ''
  const value = values[name]
  return value === undefined ? '' : `${name} = ${shown(value)}`
}

/** The metric whose values `samples{metric:NAME}` counts. */
const countedBy = (metric: string): string | undefined => /^samples\{metric:(\w+)\}$/.exec(metric)?.[1]

/** Metrics that got no value at all: k6 passes every threshold over nothing. */
function metricsWithoutValue(data: SummaryData): Set<string> {
  const found = new Set<string>()
  for (const [metric, { values }] of Object.entries(data.metrics)) {
    const counted = countedBy(metric)
    if (counted !== undefined && !(values.count! > 0)) found.add(counted)
  }
  return found
}

/** One row a threshold, in the order of the metrics' names. A metric without a value fails and says so. */
export function rowsOf(data: SummaryData): Row[] {
  const empty = metricsWithoutValue(data)
  return Object.entries(data.metrics)
    .filter(([metric]) => countedBy(metric) === undefined)
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([metric, { thresholds = {}, values }]) =>
      Object.entries(thresholds).map(([threshold, { ok }]) => ({
        metric,
        threshold,
        ok: ok && !empty.has(metric),
        value: empty.has(metric) ? 'no value was measured' : valueFor(values, threshold),
      })),
    )
}

/** A JUnit report: a test case a threshold, so that CI shows which objective was missed and by how much. */
export function junit(data: SummaryData, name: string): string {
  const rows = rowsOf(data)
  const failures = rows.filter((row) => !row.ok).length
  const seconds = (data.state?.testRunDurationMs ?? 0) / 1000
  const cases = rows.map(({ metric, threshold, ok, value }) => {
    const head = `    <testcase classname="${escaped(name)}.${escaped(metric)}" name="${escaped(threshold)}"`
    return ok
      ? `${head}/>`
      : `${head}>\n      <failure message="${escaped(`${metric}: ${value}, but should be ${threshold}`)}"/>\n    </testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${rows.length}" failures="${failures}" time="${seconds}">`,
    `  <testsuite name="${escaped(name)}" tests="${rows.length}" failures="${failures}" time="${seconds}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

/** A page for people: the objectives first, then every number. */
export function html(data: SummaryData, name: string): string {
  const rows = rowsOf(data).map(
    ({ metric, threshold, ok, value }) =>
      `<tr class="${ok ? 'ok' : 'bad'}"><td>${ok ? '✓' : '✗'}</td><td>${escaped(metric)}</td><td>${escaped(threshold)}</td><td>${escaped(value)}</td></tr>`,
  )
  const numbers = Object.entries(data.metrics)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([metric, { values }]) => {
      const numbers = Object.entries(values).map(([key, value]) => `${key} ${shown(value)}`)
      return `<tr><td>${escaped(metric)}</td><td>${escaped(numbers.join(', '))}</td></tr>`
    })
  const missed = rowsOf(data).filter((row) => !row.ok).length
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(name)}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } td { border-bottom: 1px solid #ddd; padding: .3rem .5rem; vertical-align: top }
.ok td:first-child { color: #186a3b } .bad { background: #fdecea } .bad td:first-child { color: #922b21 }
</style>
<h1>${escaped(name)}</h1>
<p>${missed === 0 ? 'All objectives are met.' : `${missed} objective${missed === 1 ? ' is' : 's are'} missed.`}</p>
<table>${rows.join('\n')}</table>
<h2>Numbers</h2>
<table>${numbers.join('\n')}</table>
</html>
`
}

/** A few lines for the terminal. */
export function plain(data: SummaryData): string {
  const lines = rowsOf(data).map(
    ({ metric, threshold, ok, value }) =>
      `${ok ? '✓' : '✗'} ${metric.padEnd(24)} ${threshold.padEnd(16)} ${value}`,
  )
  return `\n${lines.join('\n')}\n`
}

/** k6's `handleSummary`: `<name>.junit.xml`, `.json` and `.html` in the folder `OUT`, and the terminal. */
export function summaryFiles(name: string, folder: string): (data: SummaryData) => Record<string, string> {
  return function handleSummary(data) {
    return {
      stdout: plain(data),
      [`${folder}/${name}.junit.xml`]: junit(data, name),
      [`${folder}/${name}.json`]: JSON.stringify(data, null, 2),
      [`${folder}/${name}.html`]: html(data, name),
    }
  }
}
