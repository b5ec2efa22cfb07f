import { Value } from '@sinclair/typebox/value'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { CAUSAL_DIMENSIONS } from '../schemas/dimensions.ts'
import { schemaProblems } from '../schemas/problems.ts'
import { faultSpec } from './faultKinds.ts'
import { Scenario } from './scenarioSchema.ts'

/** What is wrong with a file, and where: both counted from 1. */
export interface FileError {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Parsed = { readonly scenario: Scenario } | { readonly errors: readonly FileError[] }

/** Reads a rehearsal's YAML; every mistake is told with its line. */
export function parseScenario(text: string): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const where = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  if (document.errors.length > 0) {
    return {
      errors: document.errors.map(({ pos, message }) => ({
        ...where(pos[0]),
        message: message.split('\n')[0]!,
      })),
    }
  }
  let data: unknown
  try {
    data = document.toJS()
  } catch (error) {
    return { errors: [{ line: 1, column: 1, message: (error as Error).message }] }
  }
  const errors: FileError[] = []
  const at = (path: readonly string[]): { line: number; column: number } =>
    where(offsetOf(document.contents, path))
  if (!Value.Check(Scenario, data)) {
    for (const { path, message } of schemaProblems(Scenario, data)) {
      const names = path.split('/').slice(1)
      errors.push({ ...at(names), message: `${names.join('.') || 'scenario'}: ${message}` })
    }
    return { errors }
  }
  const ids = new Set<string>()
  for (const [i, fault] of (data.faults ?? []).entries()) {
    const id = fault.id ?? fault.kind
    if (ids.has(id))
      errors.push({ ...at(['faults', String(i)]), message: `two faults are called ${id}: give one an id` })
    ids.add(id)
    for (const name of Object.keys(fault.place ?? {})) {
      if (!CAUSAL_DIMENSIONS.some((dimension) => dimension === name) && name !== 'node')
        errors.push({
          ...at(['faults', String(i), 'place', name]),
          message: `${name} is no dimension of a place: ${CAUSAL_DIMENSIONS.join(', ')}`,
        })
    }
    if ('box' in faultSpec(fault.kind) && !data.audience.pulses?.some(({ rewards = 0 }) => rewards > 0))
      errors.push({
        ...at(['faults', String(i), 'kind']),
        message: `${fault.kind} strikes the box of a round, and no round has one: give a pulse \`rewards\``,
      })
  }
  for (const [list, entries] of [
    ['faults', data.faults],
    ['breaks', data.breaks],
    ['audience.pulses', data.audience.pulses],
  ] as const)
    for (const [i, { at_s }] of (entries ?? []).entries())
      if (at_s >= data.length_s)
        errors.push({
          ...at([...list.split('.'), String(i), 'at_s']),
          message: 'begins after the show is over',
        })
  for (const [i, { for_s, every_s }] of (data.audience.pulses ?? []).entries())
    if (every_s !== undefined && every_s <= for_s)
      errors.push({
        ...at(['audience', 'pulses', String(i), 'every_s']),
        message: `a round of ${for_s} s every ${every_s} s is still on when the next one begins`,
      })
  for (const [list, name] of [
    ['expect', 'fault'],
    ['plan', 'for'],
  ] as const) {
    for (const [i, entry] of (data[list] ?? []).entries()) {
      const id = (entry as Record<string, unknown>)[name]
      if (typeof id === 'string' && !ids.has(id))
        errors.push({ ...at([list, String(i), name]), message: `no fault is called ${id}` })
    }
  }
  return errors.length > 0 ? { errors } : { scenario: data }
}

/** Where in the text a path stands; the nearest thing that is there when it is missing. */
function offsetOf(root: unknown, path: readonly string[]): number {
  let node: unknown = root
  let offset = (root as Node | null)?.range?.[0] ?? 0
  for (const name of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
      if (pair === undefined) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(name)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else break
  }
  return offset
}
