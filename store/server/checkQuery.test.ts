import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askStore, startTestStore, type TestStore } from '../testing.ts'

let it: TestStore
let secret: string
before(async () => {
  it = await startTestStore({
    server: { tenantTables: ['t'], readerLimits: { max_execution_time: 20, max_result_rows: 1000 } },
  })
  secret = join(it.dir, 'secret.csv')
  await writeFile(secret, 'CANARY,b\nCANARY,2\n')
  await it.store.exec(
    'CREATE TABLE t (tenant LowCardinality(String), n UInt32, s String) ENGINE = MergeTree ORDER BY (tenant, n)',
  )
  await it.store.exec('CREATE TABLE u (n UInt32) ENGINE = MergeTree ORDER BY n')
  await it.store.exec("INSERT INTO t SELECT 'a', number, '1' FROM numbers(3)")
  await it.store.exec("INSERT INTO t SELECT 'b', 100 + number, 'CANARY' FROM numbers(3)")
})
after(() => it.stop())

const read = (body: string, args: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  askStore({ url: it.url, user: it.reader }, { body, args, headers })
const write = (body: string, args: Record<string, string> = {}) => askStore(it, { body, args })

test('what analysts ask runs', async () => {
  for (const query of [
    'SELECT n, count() AS c FROM t WHERE n IN (1, 2) GROUP BY n WITH TOTALS HAVING c > 0 ORDER BY n LIMIT 1 BY n LIMIT 2',
    'WITH q AS (SELECT n FROM t) SELECT * FROM q WHERE n IN q AND n GLOBAL NOT IN (SELECT 5)',
    'SELECT sum(n) OVER (PARTITION BY tenant ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WINDOW w AS (ORDER BY n)',
    'SELECT arrayMap(x -> x + 1, [1, 2]), quantileTDigestIf(0.5)(n, n > 1), CAST(n AS String), n::Float64 FROM t GROUP BY n',
    'SELECT * EXCEPT (s) REPLACE (n + 1 AS n) APPLY toString FROM t',
    `SELECT uniq(url), max(file) FROM (SELECT s AS url, s AS file, s AS cluster FROM t) WHERE cluster = 'a'`,
    "SELECT COLUMNS('n|s') FROM t ARRAY JOIN [1, 2] AS x",
    'SELECT a.n FROM t AS a ANY LEFT JOIN t AS b ON a.n = b.n',
    'SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2',
    'SELECT number FROM numbers(3) ORDER BY number WITH FILL FROM 0 TO 5 INTERPOLATE',
    "SELECT * FROM view(SELECT 1) AS x, values('a UInt8', 1, 2) AS y",
    'SELECT count() FROM system.tables',
    'SELECT count(*), any(t.name) FROM system.tables AS t JOIN system.databases AS d ON d.name = t.database',
    'SELECT p.name, bytes_on_disk FROM system.parts AS p',
    'DESCRIBE TABLE system.parts',
    'SELECT * FROM information_schema.tables LIMIT 1',
    "SELECT CASE WHEN n = 1 THEN 'x' ELSE 'y' END, INTERVAL 1 DAY, date '2020-01-01', (1, 2).1 FROM t",
    'SELECT n, s, grouping(n), count(DISTINCT tenant), count() FILTER (WHERE n > 1), sum(n) AS x FROM t GROUP BY ROLLUP(n, s)',
    'SELECT n, s, count() FROM t GROUP BY GROUPING SETS ((n), (s)) ORDER BY ALL',
    'SELECT DISTINCT ON (n) n, s FROM t LIMIT 2, 1',
    "SELECT EXTRACT(YEAR FROM now()), SUBSTRING('abc' FROM 2), TRIM(BOTH 'x' FROM 'xax'), dateAdd(DAY, 1, today()), POSITION('a' IN 'ba')",
    "SELECT 'a' LIKE 'b' OR 'a' NOT ILIKE 'c', n BETWEEN 1 AND 2, n IS NULL, NOT n, -n, n % 2, [1][1], map('a', 1)['a'], any(n) IGNORE NULLS OVER () FROM t",
    'SELECT untuple((1, 2)), lagInFrame(n, 1) OVER (ORDER BY n), row_number() OVER () FROM t',
    'SELECT a.n, b.s FROM t AS a ASOF JOIN t AS b ON a.tenant = b.tenant AND a.n >= b.n',
    'WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 3) SELECT * FROM r',
    'SELECT (SELECT max(n) FROM t) AS m FROM t',
    'SELECT * FROM (VALUES (1, 2), (3, 4))',
    'SELECT \'select file(1)\' AS `file`, `n` AS "url" FROM t',
    'SELECT n FROM t',
    'SELECT lower(q.path), path FROM (SELECT s AS path FROM t) AS q',
    "SELECT arrayMap(lower, ['A'])",
    'SELECT * FROM generateSeries(1, 3)',
    'DESCRIBE TABLE t',
    'DESCRIBE (SELECT * FROM t)',
    'SHOW TABLES',
    "SHOW TABLES FROM system LIKE 'n%'",
    'SHOW CREATE TABLE t',
    'SHOW COLUMNS FROM t',
    'SHOW DATABASES',
    'EXISTS TABLE t',
    'EXPLAIN SELECT n FROM t',
    'EXPLAIN PIPELINE SELECT n FROM t',
    'EXPLAIN indexes = 1 SELECT n FROM t',
    'SELECT 1 SETTINGS max_threads = 1, max_execution_time = 600 FORMAT JSON',
    'SELECT 1 FORMAT pretty',
    'SELECT EXISTS (SELECT 1)',
    'SELECT 1 WHERE 1 IN (SELECT number FROM numbers(3))',
  ]) {
    const { status, text } = await read(query)
    assert.equal(status, 200, `${query}: ${text}`)
  }
  const parameters = await read('SELECT n FROM {t:Identifier} WHERE n = {n:UInt32}', {
    param_t: 't',
    param_n: '1',
  })
  assert.equal(parameters.text, '1\n')
})

test('nothing outside the store is named: functions, tables, databases, formats, parameters', async () => {
  for (const query of [
    `SELECT file('${secret}')`,
    `SELECT n FROM t ORDER BY n WITH FILL FROM length(file('${secret}'))`,
    `SELECT * APPLY file FROM t`,
    `SELECT arrayMap(file, ['${secret}'])`,
    `SELECT arrayMap((\`file\`), ['${secret}'])`,
    `SELECT arrayFilter(file, ['${secret}'])`,
    `SELECT arrayMap(x -> arraySum(hasColumnInTable, x), [[1]])`,
    `SELECT 1 WHERE arrayExists(file, ['${secret}']) ORDER BY arrayMap(file, ['${secret}'])`,
    `SELECT * APPLY(x -> file(x)) FROM t`,
    `SELECT s IN system.processes FROM t`,
    `SELECT * APPLY(x -> x IN system.processes) FROM t`,
    `SELECT * FROM default.\`${secret}\``,
    `EXISTS TABLE default.\`${secret}\``,
    `DESCRIBE TABLE default.\`${secret}\``,
    `SHOW CREATE TABLE default.\`${secret}\``,
    `SHOW COLUMNS FROM \`${secret}\` FROM default`,
    `SELECT 1 IN default.\`${secret}\``,
    `DESCRIBE TABLE file('${secret}', 'CSVWithNames')`,
    "DESCRIBE TABLE url('http://127.0.0.1:1/x', CSV)",
    "DESCRIBE TABLE remote('127.0.0.1:1', system.one)",
    "DESCRIBE TABLE mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'd', 't', 'u', 'p') PARTITION BY n",
    "EXPLAIN AST SELECT * FROM url('http://127.0.0.1:1/x', CSV)",
    "SELECT * FROM cluster('x', view(SELECT 1))",
    "SELECT * FROM merge('firstframe', 't')",
    'SELECT * FROM loop(t)',
    "SELECT * FROM dictionary('x')",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT joinGet('t', 'n', 1)",
    "SELECT hasColumnInTable('127.0.0.1:1', 'd', 't', 'c')",
    'SELECT * FROM system.processes',
    'SELECT * FROM system.query_log',
    'SELECT * FROM system.server_settings',
    'SELECT * FROM system.named_collections',
    'SELECT * FROM system.zookeeper',
    'SELECT * FROM system.disks',
    'SELECT * FROM system.tables',
    'SELECT t.* FROM system.parts AS t',
    'SELECT * EXCEPT (name) FROM (SELECT * FROM system.databases)',
    "SELECT COLUMNS('path') FROM system.parts",
    'SELECT COLUMNS(path) FROM system.parts',
    'SELECT tuple(*) FROM system.tables',
    'SELECT data_paths[1] FROM system.tables',
    'SELECT `t`.`metadata_path` FROM system.tables AS t',
    'SELECT name FROM system.parts ORDER BY path',
    "SELECT count() FROM system.databases WHERE data_path LIKE '/%'",
    'SELECT 1 IN system.databases',
    'WITH d AS (SELECT * FROM system.databases) SELECT name FROM d',
    'SHOW PROCESSLIST',
    'SHOW GRANTS',
    'SHOW CLUSTERS',
    "SELECT getServerSetting('path')",
    "SELECT getMacro('x')",

    'SELECT 1 FORMAT Template',
    'SELECT 1 FORMAT Protobuf',
    `SELECT 1 AS \`x\\nTableExpression\``,
    'SELECT * FROM (SELECT 1 SETTINGS max_threads = 1)',
    "SELECT eval('SELECT 1')",
  ]) {
    const { status, headers, text } = await read(query)
    const code = headers.get('x-clickhouse-exception-code')
    assert.ok(
      status >= 400 && ['497', '164', '62', '73', '81'].includes(code ?? ''),
      `${query}: ${status} ${text}`,
    )
    assert.ok(!/CANARY/.test(text), query)
  }
  const named: Record<string, string>[] = [
    { param_t: secret, database: 'default' },
    { param_t: 'processes', database: 'system' },
    { param_t: 'system.processes' },
  ]
  for (const args of named) {
    const { status, text } = await read('SELECT * FROM {t:Identifier}', args)
    assert.ok(status >= 400 && !text.includes('CANARY'), `${JSON.stringify(args)}: ${text}`)
  }
  assert.equal(
    (await read('SELECT * FROM processes', { database: 'system' })).headers.get(
      'x-clickhouse-exception-code',
    ),
    '497',
  )
  assert.equal((await read('SELECT 1', { default_format: 'Template' })).status, 404)
})

test('who writes stays within the store too', async () => {
  for (const query of [
    `SELECT file('${secret}')`,
    `INSERT INTO t SELECT * FROM url('http://127.0.0.1:1/x', CSV)`,
    `INSERT INTO FUNCTION file('${secret}') SELECT 1`,
    `CREATE TABLE x (a String) ENGINE = File(CSV, '${secret}')`,
    `CREATE TABLE x (a String) ENGINE = URL('http://127.0.0.1:1/x', CSV)`,
    "CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local', path = '/tmp/x/')",
    `ATTACH TABLE x FROM '${it.dir}' (a UInt8) ENGINE = MergeTree ORDER BY a`,
    `CREATE DATABASE x ENGINE = Filesystem('${it.dir}')`,
    `BACKUP TABLE t TO File('${it.dir}/b')`,
    `CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(FILE(path '${secret}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)`,
    `SELECT * FROM default.\`${secret}\``,
    `CHECK TABLE default.\`${secret}\``,
    `EXISTS TABLE default.\`${secret}\``,
    `ALTER TABLE t ADD COLUMN x String DEFAULT file('${secret}')`,
    `CREATE FUNCTION f AS x -> file(x)`,
  ]) {
    const { status, text } = await write(query)
    assert.ok(status >= 400 && !text.includes('CANARY'), `${query}: ${status} ${text}`)
  }
})

test('SHOW with a format, as clients’ metadata calls append one; a database stays closed whatever the format is called', async () => {
  for (const query of [
    'SHOW TABLES FORMAT Native',
    'SHOW DATABASES FORMAT JSON',
    "SHOW TABLES LIKE 't%' LIMIT 5 FORMAT TabSeparated",
    "SHOW TABLES FROM firstframe NOT LIKE 'x' FORMAT JSONEachRow",
    "SHOW SETTINGS LIKE 'max_threads' FORMAT TSV",
  ]) {
    const { status, text } = await read(query)
    assert.equal(status, 200, `${query}: ${text}`)
  }
  for (const query of [
    'SHOW TABLES FROM secret',
    'SHOW TABLES FROM secret FORMAT TSV',
    'SHOW TABLES FROM TSV FORMAT TSV',
    'SHOW TABLES FROM `TSV`',
    'SHOW TABLES IN TSV FORMAT TSV',
    "SHOW TABLES FROM secret LIKE 'FORMAT TSV'",
    'SHOW DICTIONARIES FROM JSON FORMAT JSON',
  ])
    assert.equal((await read(query)).headers.get('x-clickhouse-exception-code'), '497', query)
})

test('settings: a limit above ours is held, one without effect is accepted, one that reaches outside is refused', async () => {
  const value = (name: string, args: Record<string, string>) =>
    read(`SELECT getSetting('${name}')`, args).then(({ text }) => text.trim())
  assert.equal(await value('max_execution_time', { max_execution_time: '65' }), '20')
  assert.equal(await value('max_execution_time', { max_execution_time: '0' }), '20', '0 would mean none')
  assert.equal(await value('max_execution_time', { max_execution_time: '5' }), '5')
  for (const [asked, held] of [
    ['1e9', '1000'],
    ['10G', '1000'],
    ['20Gi', '1000'],
    ['-1', '1000'],
    ['18446744073709551615', '1000'],
    ['auto', '1000'],
    ['', '1000'],
    ['50', '50'],
    ['0.5k', '500'],
  ] as const)
    assert.equal(await value('max_result_rows', { max_result_rows: asked }), held, asked)
  for (const name of [
    'async_insert',
    'max_insert_threads',
    'log_queries',
    'connect_timeout',
    'use_query_cache',
    'readonly',
    'log_comment',
    'close_session',
  ])
    assert.equal((await read('SELECT 1', { [name]: '1' })).text, '1\n', name)
  for (const name of [
    'format_template_resultset',
    'format_schema',
    'additional_table_filters',
    'dialect',
    'output_format_schema',
    'format_avro_schema_registry_url',
  ])
    assert.equal(
      (await read('SELECT 1', { [name]: secret })).headers.get('x-clickhouse-exception-code'),
      '164',
      name,
    )
  assert.equal(
    (await read('SELECT 1', { no_such_setting: '1' })).headers.get('x-clickhouse-exception-code'),
    '115',
  )
  assert.equal(
    (await read('SELECT 1', { max_execution_time: 'x' })).headers.get('x-clickhouse-exception-code'),
    '36',
  )
  assert.equal((await read("SELECT getSetting('join_use_nulls') SETTINGS join_use_nulls = 1")).text, 'true\n')
})

test('a query for some tenants sees their rows only, however it asks', async () => {
  const sealed = (query: string, args: Record<string, string> = {}) =>
    read(query, args, { 'x-firstframe-tenants': '["a"]' })
  const answers: [string, string][] = [
    ['SELECT count() FROM t', '3\n'],
    ['SELECT max(n), min(n), max(tenant) FROM firstframe.t AS z', '2\t0\ta\n'],
    ["SELECT count() FROM t WHERE tenant = 'b'", '0\n'],
    ['SELECT count() FROM t AS a CROSS JOIN t AS b', '9\n'],
    ['SELECT uniq(tenant) FROM view(SELECT * FROM t)', '1\n'],
    ["SELECT 'b' IN (SELECT tenant FROM t)", '0\n'],
    ["SELECT ('b', toUInt32(100), 'CANARY') IN t", '0\n'],
    ['WITH q AS (SELECT * FROM t) SELECT count() FROM q UNION ALL SELECT count() FROM t', '3\n3\n'],
    ["SELECT count() FROM t WHERE throwIf(tenant = 'b') = 0", '3\n'],
    ["SELECT count() FROM t PREWHERE throwIf(tenant = 'b') = 0", '3\n'],
    ['SELECT count() FROM t WHERE toUInt8(s) = 1', '3\n'],
    ['SELECT count() FROM t PREWHERE toUInt8(s) = 1', '3\n'],
    ['SELECT sum(toUInt8(s)) FROM t', '3\n'],
    ['SELECT count() FROM t WHERE n IN (SELECT toUInt32(s) FROM t)', '1\n'],
    ['SELECT count() FROM t WHERE intDiv(1, n < 100) = 1', '3\n'],
  ]
  for (const [query, expected] of answers) {
    const { text } = await sealed(query)
    assert.ok(
      text === expected || [...text].sort().join() === [...expected].sort().join(),
      `${query}: ${text}`,
    )
  }
  for (const query of [
    'SELECT * FROM u',
    'SELECT * FROM firstframe.u',
    'SELECT 1 IN u',
    'DESCRIBE TABLE u',
    'WITH u AS (SELECT 1 AS n) SELECT * FROM u',
    "SELECT * FROM merge('firstframe', 't')",
    'SELECT * FROM t SETTINGS additional_table_filters = {}',
    'SELECT * FROM (SELECT * FROM t SETTINGS additional_table_filters = {})',
    'SELECT * FROM (SELECT * FROM t SETTINGS enable_analyzer = 0)',
  ]) {
    const { status, text } = await sealed(query)
    assert.ok(status >= 400 && !/CANARY|10[012]/.test(text), `${query}: ${text}`)
  }
  assert.ok((await sealed('SELECT * FROM t', { additional_table_filters: '{}' })).status >= 400)
  assert.equal((await sealed('SELECT count() FROM t', { use_query_cache: '1' })).text, '3\n')
  const none = await read('SELECT count() FROM t', {}, { 'x-firstframe-tenants': '[]' })
  assert.equal(none.text, '0\n', 'no tenants: no rows')
  const broken = await read('SELECT count() FROM t', {}, { 'x-firstframe-tenants': 'a' })
  assert.equal(broken.status, 400)
  assert.equal((await read('SELECT count() FROM t')).text, '6\n', 'who may see all sees all')
})
