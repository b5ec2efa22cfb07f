import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { nearest } from './nearest.ts'

/** A mistake in something that a person wrote: a configuration, a scenario, a plan. */
export interface Problem {
  /** Where it stands: a JSON pointer into it, e.g. `/receivers/0/url`. */
  readonly path: string
  /** What is wrong, and how to mend it. */
  readonly message: string
}

const quoted = (value: unknown): string =>
  value === undefined || (typeof value === 'object' && value !== null) ? '' : `, not ${JSON.stringify(value)}`

/** The values of a union of literals; undefined for any other schema. */
function literalsOf(schema: TSchema): readonly string[] | undefined {
  const members = schema.anyOf as readonly TSchema[] | undefined
  if (members === undefined || members.some((member) => member.const === undefined)) return undefined
  return members.map((member) => String(member.const))
}

/** Every mistake of a value by its schema, with the allowed values and the nearest name. */
export function schemaProblems(schema: TSchema, value: unknown, prefix = ''): Problem[] {
  const problems: Problem[] = []
  for (const error of Value.Errors(schema, value)) {
    const path = `${prefix}${error.path}`
    const literals = literalsOf(error.schema)
    if (literals !== undefined) {
      const near = typeof error.value === 'string' ? nearest(error.value, literals) : ''
      problems.push({ path, message: `must be ${literals.join(', ')}${quoted(error.value)}${near}` })
    } else if (error.message === 'Unexpected property') {
      const name = error.path.split('/').at(-1)!
      const known = Object.keys((error.schema.properties ?? {}) as object)
      problems.push({ path, message: `no such setting${nearest(name, known)}` })
    } else if (error.message === 'Expected required property') {
      problems.push({ path, message: 'is missing' })
    } else if (error.value === null) {
      problems.push({ path, message: 'is empty: give it a value, or take the line out' })
    } else if (error.schema.form !== undefined) {
      problems.push({ path, message: `must be ${String(error.schema.form)}${quoted(error.value)}` })
    } else {
      problems.push({
        path,
        message: `${error.message.replace(/^Expected/, 'must be')}${quoted(error.value)}`,
      })
    }
  }
  // A missing value fails by its type, too: the first message says it.
  const seen = new Set<string>()
  return problems.filter(({ path }) => !seen.has(path) && seen.add(path))
}

/**
 * Every mistake of a list whose entries are told apart by `type`: an unknown type, then what is wrong by that type's
 * own schema.
 */
export function variantProblems(
  variants: readonly TSchema[],
  entries: readonly unknown[],
  prefix: string,
): Problem[] {
  const typeOf = (variant: TSchema): string =>
    String((variant.properties as Record<string, TSchema>).type!.const)
  return entries.flatMap((entry, index): Problem[] => {
    const path = `${prefix}/${index}`
    if (typeof entry !== 'object' || entry === null)
      return [{ path, message: 'must be a list of `name: value`' }]
    const { type } = entry as { type?: unknown }
    const variant = variants.find((candidate) => typeOf(candidate) === type)
    if (variant !== undefined) return schemaProblems(variant, entry, path)
    const types = variants.map(typeOf)
    if (type === undefined) return [{ path, message: `type is missing; it is one of ${types.join(', ')}` }]
    return [
      {
        path: `${path}/type`,
        message: `must be ${types.join(', ')}${quoted(type)}${nearest(String(type), types)}`,
      },
    ]
  })
}

/** The first mistake of a value by its schema, in one line that names the field; undefined when there is none. */
export function firstProblem(schema: TSchema, value: unknown, whole: string): string | undefined {
  const [first] = schemaProblems(schema, value)
  return first === undefined
    ? undefined
    : `${first.path.slice(1).replaceAll('/', '.') || whole}: ${first.message}`
}

/** Entries that have the same value of a key: each but the first is a mistake. */
export function duplicateProblems(entries: readonly unknown[], key: string, prefix: string): Problem[] {
  const first = new Map<unknown, number>()
  return entries.flatMap((entry, index): Problem[] => {
    const value = (entry as Record<string, unknown> | null)?.[key]
    if (value === undefined) return []
    const before = first.get(value)
    if (before === undefined) {
      first.set(value, index)
      return []
    }
    return [
      {
        path: `${prefix}/${index}/${key}`,
        message: `${JSON.stringify(value)} is the ${key} of entry ${before + 1}, too`,
      },
    ]
  })
}
