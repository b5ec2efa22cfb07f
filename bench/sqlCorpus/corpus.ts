/** What the engine itself lists. */
export interface EngineLists {
  readonly functions: readonly string[]
  readonly tableFunctions: readonly string[]
  readonly formats: readonly string[]
  readonly settings: readonly string[]
}

/** What an attempt aims at: a file whose text is known, and an address that counts who connects. */
export interface Targets {
  readonly file: string
  readonly folder: string
  readonly host: string
  readonly url: string
}

/** One attempt: a query and arguments of its address. */
export interface Attempt {
  readonly list: keyof EngineLists | 'syntax'
  readonly name: string
  readonly query: string
  readonly args: Readonly<Record<string, string>>
}

const quoted = (text: string): string => `'${text}'`

/** The statements a call is put into. */
const AROUND: readonly ((call: string) => string)[] = [
  (call) => `SELECT ${call}`,
  (call) => `DESCRIBE (SELECT ${call})`,
  (call) => `EXPLAIN AST SELECT ${call}`,
  (call) => `EXPLAIN PLAN SELECT ${call}`,
  (call) => `EXPLAIN QUERY TREE SELECT ${call}`,
  (call) => `INSERT INTO t SELECT ${call}`,
  (call) => `SELECT * FROM (SELECT ${call})`,
  (call) => `WITH ${call} AS x SELECT x`,
  (call) => `SELECT 1 WHERE EXISTS (SELECT ${call})`,
  (call) => `SELECT n FROM t ORDER BY n WITH FILL FROM length(${call})`,
]

const AROUND_TABLE: readonly ((source: string) => string)[] = [
  (source) => `SELECT * FROM ${source}`,
  (source) => `DESCRIBE TABLE ${source}`,
  (source) => `EXPLAIN AST SELECT * FROM ${source}`,
  (source) => `EXPLAIN PLAN SELECT * FROM ${source}`,
  (source) => `EXPLAIN ESTIMATE SELECT * FROM ${source}`,
  (source) => `EXPLAIN TABLE OVERRIDE ${source} PARTITION BY 1`,
  (source) => `INSERT INTO t SELECT * FROM ${source}`,
  (source) => `INSERT INTO FUNCTION ${source} SELECT 1`,
  (source) => `SELECT 1 IN ${source}`,
  (source) => `SELECT * FROM (SELECT * FROM ${source})`,
  (source) => `SELECT * FROM t JOIN ${source} AS x ON 1 = 1`,
  (source) => `SELECT * FROM view(SELECT * FROM ${source})`,
  (source) => `WITH (SELECT * FROM ${source}) AS x SELECT x`,
]

/** Every attempt, made from the engine's lists, so that a newer engine's are tried without anybody naming them. */
export function* makeCorpus(lists: EngineLists, targets: Targets): Generator<Attempt> {
  const { file, folder, host, url } = targets
  const [path, place, address] = [quoted(file), quoted(host), quoted(url)]
  const argumentLists = ['', path, `${path}, 'CSV'`, `${place}, 'd', 't'`, `${address}, 'CSV', 'a String'`]
  for (const name of lists.functions)
    for (const [index, around] of AROUND.entries()) {
      // each function meets each list of arguments and each statement, not each pair of the two
      const given = argumentLists[index % argumentLists.length] as string
      yield { list: 'functions', name, query: around(`\`${name}\`(${given})`), args: {} }
      // a function may be named as the argument of another
      yield { list: 'functions', name, query: around(`arrayMap(${name}, [${path}])`), args: {} }
      if (index === 0)
        for (const more of argumentLists.slice(1))
          yield { list: 'functions', name, query: around(`\`${name}\`(${more})`), args: {} }
    }
  const tableArguments = [
    path,
    `${path}, 'CSV', 'a String'`,
    `${address}, 'CSV', 'a String'`,
    `${place}, 'd', 't', 'u', 'p'`,
    `'DSN=x;Server=${host}', 'd', 't'`,
    `${quoted(folder)}`,
  ]
  for (const name of lists.tableFunctions)
    for (const around of AROUND_TABLE)
      for (const given of tableArguments)
        yield { list: 'tableFunctions', name, query: around(`\`${name}\`(${given})`), args: {} }
  const templates = {
    format_template_resultset: file,
    format_template_row: file,
    format_schema: `${file}:Message`,
  }
  for (const name of lists.formats) {
    yield { list: 'formats', name, query: `SELECT 'a' AS a FORMAT ${name}`, args: {} }
    yield { list: 'formats', name, query: `SELECT 'a' AS a FORMAT ${name}`, args: templates }
    yield { list: 'formats', name, query: "SELECT 'a' AS a", args: { default_format: name, ...templates } }
    yield { list: 'formats', name, query: `SELECT * FROM format(${name}, ${path})`, args: {} }
    yield { list: 'formats', name, query: `SELECT formatRow('${name}', 1)`, args: templates }
    yield { list: 'formats', name, query: `DESCRIBE TABLE format(${name}, ${path})`, args: {} }
    yield { list: 'formats', name, query: `INSERT INTO t FROM INFILE ${path} FORMAT ${name}`, args: {} }
    yield {
      list: 'formats',
      name,
      query: `SELECT 1 INTO OUTFILE '${folder}/made-${name}' FORMAT ${name}`,
      args: {},
    }
  }
  for (const name of lists.settings)
    for (const value of [file, url, '1']) {
      yield { list: 'settings', name, query: "SELECT 'a' AS a FORMAT Template", args: { [name]: value } }
      yield { list: 'settings', name, query: 'SELECT count() FROM t', args: { [name]: value } }
      yield {
        list: 'settings',
        name,
        query: `SELECT count() FROM t SETTINGS ${name} = ${quoted(value)}`,
        args: {},
      }
    }
  for (const query of syntax(targets)) yield { list: 'syntax', name: query.slice(0, 40), query, args: {} }
}

/** What no list names: other places where a file or an address may stand. */
function syntax({ file, folder, host }: Targets): string[] {
  const names = [`default.\`${file}\``, `\`${file}\``, `\`default\`.\`${folder}/*\``, `'${file}'`]
  return [
    ...names.flatMap((name) => [
      `SELECT * FROM ${name}`,
      `DESCRIBE TABLE ${name}`,
      `EXISTS TABLE ${name}`,
      `SHOW CREATE TABLE ${name}`,
      `SELECT 1 IN ${name}`,
      `EXPLAIN SELECT * FROM ${name}`,
      `CHECK TABLE ${name}`,
    ]),
    `SHOW COLUMNS FROM \`${file}\` FROM default`,
    `SHOW INDEXES FROM \`${file}\` FROM default`,
    `SHOW TABLES FROM default`,
    'SELECT * APPLY file FROM t',
    'SELECT * APPLY(x -> file(x)) FROM t',
    `CREATE TABLE x (a String) ENGINE = File(CSV, '${file}')`,
    `CREATE TABLE x (a String) ENGINE = URL('http://${host}/x', CSV)`,
    `CREATE TABLE x AS file('${file}')`,
    `CREATE DICTIONARY x (a UInt64) PRIMARY KEY a SOURCE(FILE(path '${file}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)`,
    `CREATE DATABASE x ENGINE = Filesystem('${folder}')`,
    `CREATE DATABASE x ENGINE = MySQL('${host}', 'd', 'u', 'p')`,
    `ATTACH TABLE x FROM '${folder}' (a UInt8) ENGINE = MergeTree ORDER BY a`,
    `BACKUP TABLE t TO File('${folder}/backup')`,
    `RESTORE TABLE t FROM File('${folder}/backup')`,
    `SYSTEM RELOAD CONFIG`,
    `SELECT 1; SELECT file('${file}')`,
  ]
}
