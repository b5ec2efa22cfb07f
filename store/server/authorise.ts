import { literal } from '../../schemas/sql.ts'
import { outputFormat } from './allow/formats.ts'
import { isRefusedSetting } from './allow/settings.ts'
import { readableDatabase } from './allow/tables.ts'
import { checkReadQuery, checkWriteQuery } from './checkQuery.ts'
import type { Engine } from './engine.ts'
import { refusal } from './errors.ts'
import { settingNames } from './querySettings.ts'
import type { StoreRequest } from './request.ts'
import type { Statement } from './statement.ts'

/** A statement that may run, and where. */
export interface Authorised {
  readonly database: string
}

export type Authorise = (query: {
  readonly access: 'read' | 'write'
  readonly requested: StoreRequest
  readonly statement: Statement
}) => Promise<Authorised>

const REMEMBERED = 500

/**
 * Decides by the engine's own tree whether a statement may run: for a read user by the whole allow-list, for a write user so that it
 * stays within the store. Nothing of the statement runs meanwhile.
 * @param options.tables tables that have the column `tenant`
 */
export function createAuthorise(options: {
  readonly engine: Engine
  readonly database: string
  readonly tables: readonly string[]
}): Authorise {
  const { engine, database: own } = options
  const filtered = new Set(options.tables)
  // boards ask the same thing every few seconds
  const passed = new Set<string>()

  async function existingTables(): Promise<ReadonlySet<string>> {
    const connection = engine.connect()
    try {
      const found = await connection.run(`SELECT name FROM system.tables WHERE database = ${literal(own)}`)
      return new Set(Buffer.from(found.bytes).toString('utf8').split('\n'))
    } finally {
      connection.close()
    }
  }

  return async ({ access, requested, statement }) => {
    const current = access === 'write' ? requested.database : readableDatabase(requested.database, own)
    if (current === undefined || (access === 'write' && current === 'default'))
      throw refusal('unknownDatabase', `Database ${requested.database.slice(0, 100)} does not exist`)
    const format = statement.format ?? requested.defaultFormat
    if (format !== undefined && outputFormat(format) === undefined)
      throw refusal('unknownFormat', `Unknown format ${format.slice(0, 100)}`)
    const reaching = [...requested.settings.keys(), ...settingNames(statement.normal)].find(isRefusedSetting)
    if (reaching !== undefined)
      throw refusal('readonly', `Cannot modify '${reaching.slice(0, 100)}' setting in readonly mode`)
    // the data of an insert comes by a file of our own; what stands before it is a name and columns
    if (statement.insert) return { database: current }
    const key = JSON.stringify([
      access,
      current,
      requested.tenants !== undefined,
      statement.text,
      ...requested.params,
    ])
    if (passed.has(key)) return { database: current }
    const tree = await engine.tree(statement.text, requested.params)
    const { normal } = statement
    if (access === 'write') checkWriteQuery({ tree, normal, functions: engine.functions })
    else {
      const sealed =
        requested.tenants === undefined ? undefined : { filtered, existing: await existingTables() }
      checkReadQuery({ tree, normal, functions: engine.functions, scope: { own, current, sealed } })
    }
    if (key.length < 20_000 && !requested.tenants) passed.add(key)
    if (passed.size > REMEMBERED) passed.delete(passed.values().next().value as string)
    return { database: current }
  }
}
