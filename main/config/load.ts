import { isUtf8 } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { nearest } from '../../schemas/nearest.ts'
import { type Problem, schemaProblems } from '../../schemas/problems.ts'
import { meaningProblems } from './meaning.ts'
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

/** Variables of the command line that are no settings: which file to read, and the token for a console. */
const NO_SETTINGS: readonly string[] = ['FIRSTFRAME_CONFIG', 'FIRSTFRAME_TOKEN']

/** What is said of a variable that names no setting: the settings of its section, or the nearest name. */
function noSuchVariable(name: string, names: ReadonlyMap<string, readonly string[]>): string {
  const members = [...names].filter(
    ([, path]) => path.length > 1 && name === `FIRSTFRAME_${path.slice(0, -1).join('_').toUpperCase()}`,
  )
  if (members.length > 0) return `is a section; its settings are ${members.map(([each]) => each).join(', ')}`
  return `no such setting${nearest(name, [...names.keys()]) || '.'} \`firstframe config --help\` lists them.`
}

function schemaAt(path: readonly string[]): TSchema {
  let schema: TSchema = Config
  for (const name of path) schema = schema.properties[name] as TSchema
  return schema
}

function jsonList(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown
    if (Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new Error(
    'is no list in JSON, such as [{"name": "a"}]; quotes are double, and a comma stands between entries only',
  )
}

/** Text of the environment as the type it should have: lists are separated by commas, or JSON. */
function fromText(text: string, path: readonly string[]): unknown {
  const schema = schemaAt(path)
  if (schema.type === 'array') {
    const ofText = (schema.items as TSchema).type === 'string'
    if (text !== '' && (!ofText || text.trimStart().startsWith('['))) return jsonList(text)
    return text === '' ? [] : text.split(',').map((each) => each.trim())
  }
  if (schema.type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text
  if (schema.type === 'integer' || schema.type === 'number') {
    // What is no number is said as it was written.
    return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
  }
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
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const beside = optional && missing ? path.replace(/\.yaml$/, '.yml') : path
    if (beside !== path && existsSync(beside))
      problems.push(`${beside}: is not read: rename it to ${path}, or name it with --config ${beside}`)
    else if (!(optional && missing)) problems.push(`${path}: cannot be read: ${(error as Error).message}`)
    return {}
  }
  if (!isUtf8(bytes) || bytes.includes(0)) {
    problems.push(`${path}: is not text in UTF-8: save it again in that encoding`)
    return {}
  }
  const text = bytes.toString('utf8')
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  for (const error of document.errors) {
    const { line, col } = counter.linePos(error.pos[0])
    problems.push(`${path}:${line}:${col}: ${error.message.split('\n')[0]!.replace(/ at line.*$/, '')}`)
  }
  // A file of comments, and one with `---` only, changes nothing.
  const { contents } = document
  if (document.errors.length > 0 || contents === null || (isScalar(contents) && contents.source === ''))
    return {}
  if (!isMap(document.contents)) {
    problems.push(`${path}:1:1: the file must be a list of \`name: value\``)
    return {}
  }
  const at = (node: unknown): string | undefined => {
    const start = (node as Node | null)?.range?.[0]
    if (start === undefined) return undefined
    const { line, col } = counter.linePos(start)
    return `${path}:${line}:${col}`
  }
  const note = (node: unknown, prefix: string): void => {
    const children: (readonly [string, unknown, unknown])[] = isMap(node)
      ? node.items.map(({ key, value }) => [String((key as { value?: unknown }).value ?? key), key, value])
      : isSeq(node)
        ? node.items.map((item, index) => [String(index), item, item])
        : []
    for (const [name, position, value] of children) {
      const origin = at(position)
      if (origin !== undefined) lines.set(`${prefix}/${name}`, origin)
      note(value, `${prefix}/${name}`)
    }
  }
  note(document.contents, '')
  try {
    return document.toJS() as Record<string, unknown>
  } catch (error) {
    problems.push(`${path}: ${(error as Error).message}`)
    return {}
  }
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
    // `FIRST_FRAME_PORT` and `firstframe_port` are meant for us, too.
    if (!/^first_?frame_/i.test(name) || text === undefined || NO_SETTINGS.includes(name)) continue
    const path = names.get(name)
    if (path === undefined) {
      problems.push(`${name}: ${noSuchVariable(name, names)}`)
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
  // Defaults would make a list of what is none, so that it would be lost without a word.
  const lists = schemaProblems(Config, values).filter(({ message }) => message.startsWith('must be array'))
  const filled = Value.Default(Config, values)
  const formProblems = [...lists, ...schemaProblems(Config, filled)]
  const meaning = meaningProblems(withoutSections(filled, formProblems))
  for (const problem of [...formProblems, ...meaning]) problems.push(located(problem, origins))
  if (problems.length > 0) throw new ConfigError([...new Set(problems)])
  const config = filled as Config
  if (file === undefined || config.rules === '' || !origins.get('/rules')?.startsWith(file.path))
    return config
  // A path in the file is meant from the file's folder, wherever the process was started.
  return { ...config, rules: resolve(dirname(file.path), config.rules) }
}

/** The configuration with its defaults in place of the sections that have problems of form, so that the others can be judged. */
function withoutSections(values: unknown, problems: readonly Problem[]): Config {
  const kept = { ...(values as Record<string, unknown>) }
  for (const { path } of problems) delete kept[path.split('/')[1]!]
  return Value.Default(Config, kept) as Config
}

/** A problem with the file's line and column, the variable or the flag that it came from. */
function located({ path, message }: Problem, origins: ReadonlyMap<string, string>): string {
  const parts = path.split('/')
  let origin: string | undefined
  for (let length = parts.length; length > 1 && origin === undefined; length -= 1)
    origin = origins.get(parts.slice(0, length).join('/'))
  const name = parts
    .slice(1)
    .reduce(
      (text, part) => (/^\d+$/.test(part) ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
      '',
    )
  return `${origin ?? 'configuration'}: ${name}: ${message}`
}

/** The configuration with its secrets hidden, for printing. */
export function withoutSecrets(value: unknown, schema: TSchema = Config): unknown {
  if (schema.secret === true && typeof value === 'string') return value === '' ? '' : HIDDEN
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, (schema.items ?? {}) as TSchema))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, withoutSecrets(child, childSchema(schema, name))]),
  )
}

const HIDDEN = '••••••'

/** The schema of a member. Where the form is free (receivers, sources, probes), names that hold secrets are hidden. */
function childSchema(schema: TSchema, name: string): TSchema {
  const own = (schema.properties as Record<string, TSchema> | undefined)?.[name]
  if (own !== undefined) return own
  const record = Object.values((schema.patternProperties ?? {}) as Record<string, TSchema>)[0]
  if (record?.properties !== undefined) return record
  if (schema.secret === true) return schema
  const secret = /password|secret|token|key|url|headers|authorization/i.test(name)
  return (secret ? { secret: true, items: { secret: true } } : {}) as TSchema
}
