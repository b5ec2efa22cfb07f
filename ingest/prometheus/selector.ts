import type { Sample } from './readPrometheus.ts'

/** Chooses samples of a page. */
export type Selector = (sample: Sample) => boolean

const SELECTOR = /^\s*([a-zA-Z_:][\w:.]*)\s*(?:\{(.*)\})?\s*$/
const MATCHER = /^\s*([\w.:]+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/

/**
 * Reads a selector as PromQL writes it: `nginx_http_requests_total{host="a",code!~"5.."}`. A pattern has to fit the whole
 * value; a label that is missing is ''. Throws in words where it is none.
 */
export function readSelector(text: string): Selector {
  const found = SELECTOR.exec(text)
  if (found === null) throw new Error(`${text.slice(0, 80)} is no selector such as name{label="value"}`)
  const [, name, list = ''] = found
  const matchers: ((labels: Sample['labels']) => boolean)[] = []
  for (let rest = list; rest.trim() !== ''; ) {
    const matched = MATCHER.exec(rest)
    if (matched === null) throw new Error(`${rest.trim().slice(0, 80)} is no matcher such as label="value"`)
    const [whole, label = '', operator = '', value = ''] = matched
    const wanted = value.replace(/\\(["\\])/g, '$1')
    const pattern = operator.endsWith('~') ? new RegExp(`^(?:${wanted})$`) : undefined
    const fits = (own: string) => (pattern === undefined ? own === wanted : pattern.test(own))
    matchers.push((labels) => fits(labels[label] ?? '') !== operator.startsWith('!'))
    rest = rest.slice(whole.length)
  }
  return ({ name: own, labels }) => own === name && matchers.every((matches) => matches(labels))
}
