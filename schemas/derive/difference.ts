import { columnDdl, type DdlOptions, type Definition, type StoredColumn } from './ddl.ts'

/** A table or view as it is in the store. */
export interface FoundTable {
  readonly name: string
  /** As `system.tables` has it: `Replicated…` on a cluster. */
  readonly engine: string
  /** PARTITION BY … SETTINGS …, as the server writes it. */
  readonly engine_full: string
  readonly partition_key: string
  readonly sorting_key: string
  readonly columns: readonly StoredColumn[]
  /** Names of its skip indices. */
  readonly indices: readonly string[]
  /** The query of a view, as the server writes it. */
  readonly select: string
  /** Where a materialized view writes to. */
  readonly target?: string
}

/** What lies between a store and this version's catalogue. */
export interface Difference {
  /** Brings the store to the catalogue, without losing a value; each may run twice. */
  readonly statements: readonly string[]
  /** What would lose values: then nothing is to be run. Sentences. */
  readonly refusals: readonly string[]
  /** What stays as it is in the store, because that loses nothing. Sentences. */
  readonly kept: readonly string[]
  /** What an older program cannot work without, on tables that a newer one made. Sentences. */
  readonly needed: readonly string[]
}

/** Types that hold every value of another, so that a column may change to them. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  Bool: ['UInt8'],
  UInt8: ['UInt16', 'UInt32', 'UInt64', 'Int32', 'Float32', 'Float64'],
  UInt16: ['UInt32', 'UInt64', 'Int32', 'Float32', 'Float64'],
  UInt32: ['UInt64', 'Float64'],
  Int32: ['Float64'],
  Float32: ['Float64'],
  String: ['LowCardinality(String)'],
  'LowCardinality(String)': ['String'],
}

const NULLABLE = /^Nullable\((.*)\)$/

/** Whether a column may change its type and keep every value. */
export function holdsAll(from: string, to: string): boolean {
  if (from === to) return true
  const [inner, outer] = [NULLABLE.exec(from)?.[1], NULLABLE.exec(to)?.[1]]
  if (inner !== undefined && outer === undefined) return false
  const [narrow, wide] = [inner ?? from, outer ?? to]
  return narrow === wide || (WIDER[narrow]?.includes(wide) ?? false)
}

/** `Delta(8)` and the like: the server adds the width of the type. */
const plainCodec = (codec: string): string =>
  codec.replace(/^CODEC\((.*)\)$/, '$1').replace(/\b(Delta|DoubleDelta|Gorilla)\(\d+(?:, *\d+)?\)/g, '$1')

const plainTtl = (ttl: string): string => ttl.replace(/INTERVAL (\d+) DAY/g, 'toIntervalDay($1)')
const ttlOf = (engine_full: string): string => / TTL (.*?)(?: SETTINGS .*)?$/s.exec(engine_full)?.[1] ?? ''
/** Days after which rows go: the last interval of a TTL. */
const daysOf = (ttl: string): number =>
  Number(ttl.match(/toIntervalDay\((\d+)\)(?!.*toIntervalDay)/)?.[1] ?? 0)

/** The parts of a key, `f(a, b), c` → `f(a, b)`, `c`. */
const partsOf = (key: string): string[] => key.split(/,\s*(?![^(]*\))/).filter(Boolean)

/** Views that fill a rollup: `NAME_10s_view`, `NAME_5m_interaction_view`. */
const OUR_VIEW = /^\w+_\d+[sm]_(?:\w+_)?view(?:_local)?$/

interface Found {
  readonly alter: string[]
  readonly refusals: string[]
  readonly kept: string[]
  readonly needed: string[]
}

function differencesOfColumns(wanted: Definition, found: FoundTable): Found & { added: Set<string> } {
  const [alter, refusals, needed]: [string[], string[], string[]] = [[], [], []]
  const added = new Set<string>()
  const keyColumns = new Set(found.sorting_key.match(/\w+/g))
  let before: string | undefined
  for (const column of wanted.columns ?? []) {
    const { name, type, codec } = column
    const there = found.columns.find((each) => each.name === name)
    const stands = `${wanted.name}.${name}`
    if (there === undefined) {
      added.add(name)
      needed.push(`${stands} is missing.`)
      const place = before === undefined ? 'FIRST' : `AFTER ${before}`
      alter.push(`ADD COLUMN IF NOT EXISTS ${columnDdl(column)} ${place}`)
    } else if (there.type !== type) {
      if (!holdsAll(type, there.type))
        needed.push(`${stands} is ${there.type}, which does not hold every ${type}.`)
      if (!holdsAll(there.type, type))
        refusals.push(`${stands} is ${there.type} and becomes ${type}: values would be lost.`)
      else if (keyColumns.has(name))
        refusals.push(`${stands} is ${there.type} and becomes ${type}: it is part of the table's key.`)
      else alter.push(`MODIFY COLUMN ${columnDdl(column)}`)
    } else if (codec !== undefined && plainCodec(there.codec ?? '') !== codec) {
      alter.push(`MODIFY COLUMN ${name} CODEC(${codec})`)
    }
    before = name
  }
  const names = new Set(wanted.columns?.map(({ name }) => name))
  const left = found.columns.map(({ name }) => name).filter((name) => !names.has(name))
  const kept =
    left.length === 0 ? [] : [`${wanted.name}: ${left.join(', ')} of an earlier version, with their values.`]
  return { alter, refusals, kept, needed, added }
}

/** A key gains columns at its end; what it has besides is the order of rows on the disk, except where rows are merged by it. */
function differencesOfKey(wanted: Definition, found: FoundTable, added: ReadonlySet<string>): Found {
  const [alter, refusals, kept]: [string[], string[], string[]] = [[], [], []]
  const has = partsOf(found.sorting_key)
  const wants = wanted.order_by ?? []
  const missing = wants.filter((part) => !has.includes(part))
  const merges = wanted.engine !== 'MergeTree'
  const more = has.filter((part) => !wants.includes(part))
  if (
    missing.length > 0 &&
    missing.every((part) => added.has(part)) &&
    wanted.engine !== 'ReplacingMergeTree'
  )
    alter.push(`MODIFY ORDER BY (${[...has, ...missing].join(', ')})`)
  else if (merges && (missing.length > 0 || (more.length > 0 && wanted.engine === 'ReplacingMergeTree')))
    refusals.push(
      `${wanted.name} merges rows by (${has.join(', ')}) and would by (${wants.join(', ')}): rows would be merged that belong apart.`,
    )
  else if (missing.length > 0 || more.length > 0)
    kept.push(`${wanted.name}: its rows stay ordered by (${has.join(', ')}).`)
  if (found.partition_key !== wanted.partition_by)
    refusals.push(
      `${wanted.name} is partitioned by ${found.partition_key} and would be by ${wanted.partition_by}.`,
    )
  return { alter, refusals, kept, needed: refusals }
}

function differencesOfTable(wanted: Definition, found: FoundTable): Found {
  const columns = differencesOfColumns(wanted, found)
  if (wanted.engine === 'Distributed') return columns
  const key = differencesOfKey(wanted, found, columns.added)
  const alter = [...columns.alter, ...key.alter]
  const kept = [...columns.kept, ...key.kept]
  for (const [index, what] of Object.entries(wanted.indices ?? {}))
    if (!found.indices.includes(index)) alter.push(`ADD INDEX IF NOT EXISTS ${index} ${what}`)
  const [is, becomes] = [ttlOf(found.engine_full), plainTtl(wanted.ttl ?? '')]
  if (becomes === '' && is !== '') alter.push('REMOVE TTL')
  else if (is !== becomes) {
    // A shorter one deletes what somebody may have meant to keep.
    if (is === '' || daysOf(is) > daysOf(becomes)) {
      const stays = is === '' ? 'for ever' : `${daysOf(is)} days`
      kept.push(
        `${wanted.name}: rows are kept ${stays}; this version would keep them ${daysOf(becomes)} days.`,
      )
    } else alter.push(`MODIFY TTL ${becomes}`)
  }
  for (const [setting, value] of Object.entries(wanted.settings ?? {}))
    if (!` ${found.engine_full},`.includes(` ${setting} = ${value},`) && setting !== 'index_granularity')
      alter.push(`MODIFY SETTING ${setting} = ${value}`)
  return {
    alter,
    refusals: [...columns.refusals, ...key.refusals],
    kept,
    needed: [...columns.needed, ...key.needed],
  }
}

/**
 * What brings the tables of a store to the catalogue's.
 * @param found queries of views have to be written as the server writes those of `definitions`
 */
export function difference(
  definitions: readonly Definition[],
  found: readonly FoundTable[],
  { database, cluster }: DdlOptions,
): Difference {
  const on = cluster ? ` ON CLUSTER '${cluster}'` : ''
  const [statements, refusals, kept, needed]: [string[], string[], string[], string[]] = [[], [], [], []]
  const there = new Map(found.map((each) => [each.name, each]))
  const names = new Set(definitions.map(({ name }) => name))
  // The view of a rollup that is no longer kept would go on to fill its table, and read columns that are no longer sent.
  for (const { name, engine, target = '' } of found)
    if (
      engine === 'MaterializedView' &&
      !names.has(name) &&
      OUR_VIEW.test(name) &&
      name.startsWith(target.replace(/_local$/, ''))
    )
      statements.push(`DROP VIEW IF EXISTS ${database}.${name}${on}`)
  for (const wanted of definitions) {
    const own = there.get(wanted.name)
    const name = `${database}.${wanted.name}${on}`
    if (own === undefined) {
      statements.push(wanted.create)
      needed.push(`${wanted.name} is missing.`)
    } else if (own.engine.replace(/^Replicated/, '') !== wanted.engine) {
      const refusal = `${wanted.name} is ${own.engine} and becomes ${wanted.engine}.`
      refusals.push(refusal)
      needed.push(refusal)
    } else if (wanted.select !== undefined) {
      if (own.select !== wanted.select)
        statements.push(
          wanted.engine === 'View'
            ? `CREATE OR REPLACE VIEW ${name} AS\n${wanted.select}`
            : `ALTER TABLE ${name} MODIFY QUERY\n${wanted.select}`,
        )
    } else {
      const { alter, ...rest } = differencesOfTable(wanted, own)
      refusals.push(...rest.refusals)
      kept.push(...rest.kept)
      needed.push(...rest.needed)
      const settings = alter.filter((part) => part.startsWith('MODIFY SETTING'))
      const others = alter.filter((part) => !part.startsWith('MODIFY SETTING'))
      // A server takes settings only in a statement of their own.
      if (others.length > 0) statements.push(`ALTER TABLE ${name}\n  ${others.join(',\n  ')}`)
      for (const part of settings) statements.push(`ALTER TABLE ${name} ${part}`)
    }
  }
  return { statements, refusals, kept, needed }
}
