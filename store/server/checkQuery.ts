import { isAllowedFunction, STORAGE_FUNCTIONS, TABLE_FUNCTIONS } from './allow/functions.ts'
import { hiddenColumns, isReadableTable, readableDatabase, type TableScope } from './allow/tables.ts'
import { type EngineError, refusal } from './errors.ts'
import { type Token, tokens } from './lexer.ts'
import { parentOf, type QueryNode, readQueryTree, secondArgument } from './queryTree.ts'

/** Kinds of node that a query which only reads may hold. A kind that is not here is refused. */
const READ_NODES = new Set(
  `
  SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Identifier Function Literal Asterisk QualifiedAsterisk
  TablesInSelectQuery TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin Subquery WithElement
  ColumnsRegexpMatcher QualifiedColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsListMatcher ColumnsTransformerList
  ColumnsApplyTransformer ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
  OrderByElement WindowDefinition WindowListElement InterpolateElement SampleRatio Pair
  Explain DescribeQuery ShowTables ShowColumns ShowFunctions ShowEngineQuery ShowCreateTableQuery ShowCreateViewQuery
  ShowCreateDatabaseQuery ExistsTableQuery ExistsViewQuery ExistsDatabaseQuery
`
    .trim()
    .split(/\s+/),
)

/** What a statement of a write user may begin with; it may not reach outside the store either. */
const WRITE_STATEMENTS = new Set(
  `
  SelectWithUnionQuery SelectIntersectExceptQuery InsertQuery CreateQuery AlterQuery DropQuery TruncateQuery RenameQuery OptimizeQuery DeleteQuery
  KillQueryQuery SYSTEM Set Explain DescribeQuery ShowTables ShowColumns ShowFunctions ShowEngineQuery ShowCreateTableQuery
  ShowCreateViewQuery ShowCreateDatabaseQuery ExistsTableQuery ExistsViewQuery ExistsDatabaseQuery CheckQuery UseQuery
  ShowProcesslistQuery UpdateQuery
`
    .trim()
    .split(/\s+/),
)

const EXPLAINED = new Set([
  'EXPLAIN',
  'EXPLAIN AST',
  'EXPLAIN SYNTAX',
  'EXPLAIN QUERY TREE',
  'EXPLAIN PIPELINE',
  'EXPLAIN ESTIMATE',
])
const SHOWN = /^SHOW (FULL |CHANGED |TEMPORARY )*(TABLES|DATABASES|SETTINGS|DICTIONARIES)\b/
const CREATED = /^CREATE (OR REPLACE )?(TEMPORARY )?(TABLE|VIEW|MATERIALIZED VIEW|DATABASE) /
const SETS = /^(global)?(not)?(null)?in(ignoreset)?$/i
/** What stands directly before a bracket in the engine's normal form and is no function. */
const KEYWORDS = new Set(['COLUMNS'])

const denied = (what: string): EngineError =>
  refusal('access', `${what} is not on the list of what a query may use here`)

/** A name that the engine does not know either is a slip of the pen, and gets the engine's code for it. */
const deniedFunction = (name: string, known: ReadonlySet<string>): EngineError =>
  known.has(name.toLowerCase())
    ? denied(`the function ${name}`)
    : refusal('unknownFunction', `Function with name ${name} does not exist`)

/**
 * Whether a query may run for a read user, judged by an allow-list on the engine's own tree of it: its statement, functions, table
 * functions and tables. Whatever the tree does not show (APPLY, settings) is judged by the engine's normal form.
 * @param tree the text of EXPLAIN AST for `normal`, after parameters were put in
 * @throws an EngineError that names what is not allowed
 */
export function checkReadQuery(options: {
  readonly tree: string
  readonly normal: string
  /** The engine's functions and table functions, in lower case. */
  readonly functions: ReadonlySet<string>
  readonly scope: TableScope
}): void {
  const { normal, functions, scope } = options
  const nodes = readQueryTree(options.tree)
  checkHidden(normal, nodes, functions)
  checkPaths(nodes, scope)
  for (const [index, node] of nodes.entries()) {
    const parent = parentOf(nodes, index)
    const { kind, name } = node
    if (kind === 'Set') {
      if (parent?.kind !== 'Explain')
        throw refusal('readonly', 'SETTINGS stand at the end of a query or in the address, not within it')
    } else if (!READ_NODES.has(kind)) throw denied(`${kind} ${name}`.trim())
    if (kind === 'Function') checkFunction({ nodes, index, parent, functions, scope })
    else if (kind === 'Identifier') checkArgument(nodes, index, functions)
    else if (kind === 'TableIdentifier') checkTable(name, scope)
    else if (kind === 'Explain' && !EXPLAINED.has(name)) throw denied(name)
    else if (kind.startsWith('Show') || kind.startsWith('Exists')) checkMetadata(node, nodes, normal, scope)
  }
}

/** As checkReadQuery for who may write: no function, table function, engine or database that reaches outside the store. */
export function checkWriteQuery(options: {
  readonly tree: string
  readonly normal: string
  readonly functions: ReadonlySet<string>
}): void {
  const nodes = readQueryTree(options.tree)
  const [first] = nodes
  if (first === undefined || !WRITE_STATEMENTS.has(first.kind)) throw denied(first?.kind ?? 'an empty query')
  if (first.kind === 'CreateQuery' && !CREATED.test(options.normal))
    throw denied(options.normal.split(' ').slice(0, 2).join(' '))
  for (const token of tokens(options.normal))
    if (token.kind === 'word' && /^disk$/i.test(token.text)) throw denied('a disk of its own')
  for (const [index, node] of nodes.entries()) {
    const lower = node.name.toLowerCase()
    // the engine's database `default` takes paths of files for names of tables
    if (node.kind !== 'Literal' && node.kind !== 'Function' && /^default([. ]|$)/.test(node.name))
      throw denied(node.name)
    if (node.kind === 'Identifier') checkArgument(nodes, index, options.functions)
    if (node.kind !== 'Function') continue
    if (SETS.test(node.name) && secondArgument(nodes, index)?.name.startsWith('default.'))
      throw denied('default')
    if (parentOf(nodes, index)?.kind === 'InsertQuery') throw denied(`the table function ${node.name}`)
    if (!isAllowedFunction(lower) && !TABLE_FUNCTIONS.has(lower) && !STORAGE_FUNCTIONS.has(lower))
      throw deniedFunction(node.name, options.functions)
  }
}

function checkTable(name: string, scope: TableScope): void {
  if (!isReadableTable(name, scope)) throw denied(`the table ${name}`)
}

/** Kinds of node that stand for columns which are not named. */
const STARS = /Asterisk$|Matcher$/

/** Where the data folder is, nobody who reads needs to know: its columns are named nowhere, and nothing stands for all columns. */
function checkPaths(nodes: readonly QueryNode[], scope: TableScope): void {
  const hidden = new Set(
    nodes.flatMap(({ kind, name }) => (kind === 'TableIdentifier' ? hiddenColumns(name, scope) : [])),
  )
  if (hidden.size === 0) return
  const list = [...hidden].join(', ')
  for (const [index, { kind, name }] of nodes.entries()) {
    if (kind === 'Identifier' && hidden.has(name.slice(name.lastIndexOf('.') + 1)))
      throw denied(`the column ${name}`)
    if (!STARS.test(kind)) continue
    const arguments_ = parentOf(nodes, index)
    const holder = arguments_ && parentOf(nodes, nodes.indexOf(arguments_))
    if (holder?.kind !== 'Function' || holder.name.toLowerCase() !== 'count')
      throw denied(`* of a table with paths (${list}; name the columns you need)`)
  }
}

function checkFunction(at: {
  readonly nodes: readonly QueryNode[]
  readonly index: number
  readonly parent: QueryNode | undefined
  readonly functions: ReadonlySet<string>
  readonly scope: TableScope
}): void {
  const { nodes, index, parent, functions, scope } = at
  const { name } = nodes[index] as QueryNode
  if (parent?.kind === 'TableExpression') {
    if (!TABLE_FUNCTIONS.has(name.toLowerCase())) throw deniedFunction(name, functions)
    return
  }
  if (SETS.test(name)) {
    // `x IN t`: an identifier in this place may be a table
    const set = secondArgument(nodes, index)
    if (set?.kind === 'Identifier') {
      checkTable(set.name, scope)
      if (hiddenColumns(set.name, scope).length > 0) throw denied(`the whole table ${set.name}`)
    }
  }
  // `x IN numbers(3)`: a table function may stand where the set does, so the harmless ones are allowed anywhere
  if (!isAllowedFunction(name) && !TABLE_FUNCTIONS.has(name.toLowerCase()))
    throw deniedFunction(name, functions)
}

/** Functions that take a function as an argument: of arrays and of maps. */
const HIGHER_ORDER = /^(array|map)/i

/**
 * `arrayMap(file, ['…'])`: a bare name among the arguments of a higher-order function may be a function itself. A column of such a name is
 * qualified by its table, which makes it another name.
 */
function checkArgument(nodes: readonly QueryNode[], index: number, functions: ReadonlySet<string>): void {
  const { name } = nodes[index] as QueryNode
  if (
    !functions.has(name.toLowerCase()) ||
    isAllowedFunction(name) ||
    TABLE_FUNCTIONS.has(name.toLowerCase())
  )
    return
  const list = parentOf(nodes, index)
  const holder = list && parentOf(nodes, nodes.indexOf(list))
  const taker = list?.kind === 'Function' ? list : holder
  if (taker?.kind === 'Function' && HIGHER_ORDER.test(taker.name))
    throw denied(`the function ${name} as an argument (for a column, write table.${name})`)
}

function checkMetadata(
  { kind, name }: QueryNode,
  nodes: readonly QueryNode[],
  normal: string,
  scope: TableScope,
): void {
  if (kind === 'ShowTables') {
    if (!SHOWN.test(normal)) throw denied(normal.split(' ').slice(0, 3).join(' '))
    const unknown = nodes.filter(
      ({ kind: each, name: own }) => each === 'Identifier' && readableDatabase(own, scope.own) === undefined,
    )
    // The tree prints the format of the answer as it prints a database: one name may be that, and no second one.
    const format = wordsAfter('FORMAT', normal).at(-1)
    const [first, second] = unknown
    if (first !== undefined && (second !== undefined || first.name !== format))
      throw denied(`the database ${(first.name === format ? second : first)!.name}`)
  } else if (kind === 'ShowColumns') {
    const names = wordsAfter('FROM', normal)
    const [table = '', database = scope.current] = names
    checkTable(`${database}.${table}`, scope)
  } else if (kind.endsWith('DatabaseQuery')) {
    if (readableDatabase(name, scope.own) === undefined) throw denied(`the database ${name}`)
  } else if (kind.startsWith('Exists') || kind.startsWith('ShowCreate')) {
    // the tree prints `database table`, with an empty database for an unqualified name
    const at = name.indexOf(' ')
    checkTable(at < 0 ? name : `${name.slice(0, at)}.${name.slice(at + 1).trim()}`, scope)
  }
}

/** Words behind a keyword: of `SHOW COLUMNS FROM t FROM d` t, d. */
function wordsAfter(keyword: string, normal: string): string[] {
  const names: string[] = []
  let previous = ''
  for (const token of tokens(normal)) {
    if (previous === keyword) names.push(token.text.replace(/^[`"]|[`"]$/g, ''))
    previous = token.kind === 'word' ? token.text : ''
  }
  return names
}

/** What the tree does not print, or could print so that it reads as something else. */
function checkHidden(normal: string, nodes: readonly QueryNode[], functions: ReadonlySet<string>): void {
  let selects = 0
  let before: Token | undefined
  // `{name:Nullable(String)}` is a parameter with its type
  let inParameter = false
  const all = [...tokens(normal)]
  for (const [index, token] of all.entries()) {
    if (token.kind === 'quoted' && /[\\\p{Cc}]/u.test(token.text))
      throw refusal('syntax', 'A name may hold neither control characters nor backslashes')
    if (token.kind === 'word' && token.text === 'SELECT') selects++
    if (token.kind === 'word' && token.text === 'APPLY') checkApply(all, index)
    if (token.text === '{' || token.text === '}') inParameter = token.text === '{'
    if (token.text === '(' && !inParameter && before?.end === token.start) checkCall(before, functions)
    before = token
  }
  // a query that the tree hides would be one that nobody checked
  if (selects > nodes.filter(({ kind }) => kind === 'SelectQuery').length)
    throw denied('a query within this clause')
}

function checkCall({ kind, text }: Token, functions: ReadonlySet<string>): void {
  if (kind !== 'word' && kind !== 'quoted') return
  const name = kind === 'quoted' ? text.slice(1, -1) : text
  if (KEYWORDS.has(name) || isAllowedFunction(name) || TABLE_FUNCTIONS.has(name.toLowerCase())) return
  throw deniedFunction(name, functions)
}

/** `* APPLY toString`: the tree hides the function. A lambda could hide anything, so it is refused. */
function checkApply(all: readonly Token[], index: number): void {
  const open = all[index + 1]?.text === '(' ? 1 : 0
  const name = all[index + 1 + open]
  const after = all[index + 2 + open]
  const arrow = after?.text === '-' && all[index + 3 + open]?.text === '>'
  if (name?.kind !== 'word' || arrow || !isAllowedFunction(name.text))
    throw denied(`APPLY ${name?.text ?? ''}${arrow ? ' -> …' : ''}`)
}
