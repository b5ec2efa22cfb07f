import { readFileSync } from 'node:fs'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { Config } from './schema.ts'

/** Everything wrong with the configuration, each line saying where and how to mend it. */
export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`the configuration is not right:\n${problems.map((each) => `  ${each}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export interface Sources {
  /** Path of a YAML file; it must be there unless `optional`. */
  readonly file?: { readonly path: string; readonly optional: boolean }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Values of the command line, by the names of the configuration. */
  readonly flags: Readonly<Record<string, unknown>>
}

/** Names of the environment variables and where each one goes: `FIRSTFRAME_` and the path, upper case, by `_`. */
export function environmentNames(
  schema: TSchema = Config,
  path: readonly string[] = [],
): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [name, child] of Object.entries((schema.properties ?? {}) as Record<string, TSchema>)) {
    const here = [...path, name]
    if (child.type === 'object')
      for (const [key, value] of environmentNames(child, here)) names.set(key, value)
    else names.set(`FIRSTFRAME_${here.join('_').toUpperCase()}`, here)
  }
  return names
}

function schemaAt(path: readonly string[]): TSchema {
  let schema: TSchema = Config
  for (const name of path) schema = schema.properties[name] as TSchema
  return schema
}

/** Text of the environment as the type it should have: lists are separated by commas, or JSON. */
function fromText(text: string, path: readonly string[]): unknown {
  const schema = schemaAt(path)
  if (schema.type === 'array') {
    if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown
    return text === '' ? [] : text.split(',').map((each) => each.trim())
  }
  if (schema.type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text
  if (schema.type === 'integer' || schema.type === 'number') return text.trim() === '' ? text : Number(text)
  return text
}

function setAt(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = into
  for (const name of path.slice(0, -1)) {
    at[name] ??= {}
    at = at[name] as Record<string, unknown>
  }
  at[path.at(-1)!] = value
}

function readFile(
  path: string,
  optional: boolean,
  problems: string[],
  lines: Map<string, string>,
): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (!(optional && (error as NodeJS.ErrnoException).code === 'ENOENT'))
      problems.push(`${path}: cannot be read: ${(error as Error).message}`)
    return {}
  }
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  for (const error of document.errors) problems.push(`${path}: ${error.message.split('\n')[0]}`)
  if (document.errors.length > 0 || document.contents === null) return {}
  if (!isMap(document.contents)) {
    problems.push(`${path}:1: the file must be a list of \`name: value\``)
    return {}
  }
  const note = (node: unknown, prefix: string): void => {
    if (!isMap(node)) return
    for (const { key, value } of node.items) {
      const name = `${prefix}/${String((key as { value?: unknown }).value ?? key)}`
      const range = (key as { range?: [number, number, number] }).range
      if (range) lines.set(name, `${path}:${counter.linePos(range[0]).line}`)
      note(value, name)
    }
  }
  note(document.contents, '')
  return document.toJS() as Record<string, unknown>
}

/**
 * The configuration: defaults, then the file, then the environment, then the command line.
 * @throws ConfigError naming every problem at once, with the file's line or the variable's name
 */
export function loadConfig({ file, environment, flags }: Sources): Config {
  const problems: string[] = []
  const origins = new Map<string, string>()
  const values = file ? readFile(file.path, file.optional, problems, origins) : {}
  const names = environmentNames()
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('FIRSTFRAME_') || text === undefined || name === 'FIRSTFRAME_CONFIG') continue
    const path = names.get(name)
    if (path === undefined) {
      problems.push(`${name}: no such setting. \`firstframe config --help\` lists them.`)
      continue
    }
    try {
      setAt(values, path, fromText(text, path))
      origins.set(`/${path.join('/')}`, name)
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`)
    }
  }
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue
    values[name] = value
    origins.set(`/${name}`, `--${name.replaceAll('_', '-')}`)
  }
  const filled = Value.Default(Config, values)
  for (const error of Value.Errors(Config, filled)) {
    const parts = error.path.split('/')
    let origin: string | undefined
    for (let length = parts.length; length > 1 && origin === undefined; length -= 1)
      origin = origins.get(parts.slice(0, length).join('/'))
    const given =
      error.value === undefined || typeof error.value === 'object'
        ? ''
        : `, not ${JSON.stringify(error.value)}`
    const unknown =
      error.message === 'Unexpected property'
        ? ': no such setting'
        : `: ${error.message.replace(/^Expected/, 'must be')}${given}`
    problems.push(`${origin ?? 'configuration'}: ${parts.slice(1).join('.')}${unknown}`)
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)])
  return filled as Config
}

/** The configuration with its secrets hidden, for printing. */
export function withoutSecrets(value: unknown, schema: TSchema = Config): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, (schema.items ?? {}) as TSchema))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => {
        const own = (schema.properties as Record<string, TSchema> | undefined)?.[name]
        // Lists that are free in form (receivers, sources) name their secrets so.
        const hidden =
          own?.secret === true || (own === undefined && /password|secret|token|key|url/i.test(name))
        return [
          name,
          hidden && typeof child === 'string' && child !== ''
            ? '••••••'
            : withoutSecrets(child, own ?? ({} as TSchema)),
        ]
      }),
    )
  }
  return value
}
