import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LocaliseCommand, localiseCsv, type NamedCause, runLocalise } from './command.ts'
import { readTable } from './readTable.ts'

const command = (more: Partial<LocaliseCommand> = {}): LocaliseCommand => ({
  file: 'cells.csv',
  at: 600,
  value: 'value',
  count: 'cnt',
  ...more,
})

/** Ten minutes of three CDNs × two devices; from minute 600 on, CDN "b" stalls. */
const rows = (): Record<string, string | number>[] => {
  const all = []
  for (let minute = 0; minute <= 660; minute += 60) {
    for (const cdn of ['a', 'b', 'c']) {
      for (const device of ['phone, old', 'tv']) {
        const bad = minute >= 600 && cdn === 'b'
        all.push({ min: minute, cdn, device, value: bad ? 180 : 11, cnt: 600 })
      }
    }
  }
  return all
}

const csv = (columns: string[], of = rows()): string =>
  [
    columns.join(','),
    ...of.map((row) =>
      columns.map((name) => (String(row[name]).includes(',') ? `"${row[name]}"` : row[name])).join(','),
    ),
  ].join('\n')

const COLUMNS = ['min', 'cdn', 'device', 'value', 'cnt']

test('the cause by its names, whatever the order of the columns', () => {
  for (const columns of [COLUMNS, ['cnt', 'device', 'value', 'min', 'cdn'], ['min', 'cdn', 'value', 'cnt']]) {
    const found = localiseCsv(csv(columns), command()) as NamedCause[]
    assert.deepEqual(found[0]?.cause, { cdn: 'b' }, columns.join())
    assert.ok(found[0].explains > 0.95 && found[0].confidence > 0.9)
    assert.equal(found[0].viewers, 360)
  }
})

test('rows after the minute are not read: with and without them the answer is the same', () => {
  const until = rows().filter(({ min }) => Number(min) <= 600)
  assert.deepEqual(localiseCsv(csv(COLUMNS), command()), localiseCsv(csv(COLUMNS, until), command()))
})

test('values keep their own text: numbers, other scripts, quotes, empty', () => {
  const of = rows().map((row) => ({
    ...row,
    cdn: { a: '007', b: '联通 "x"', c: '' }[String(row.cdn)] as string,
  }))
  const text = csv(COLUMNS, of).replaceAll('联通 "x"', '"联通 ""x"""')
  const found = localiseCsv(text, command()) as NamedCause[]
  assert.deepEqual(found[0]?.cause, { cdn: '联通 "x"' })
})

test('--top limits the list', () => {
  assert.equal((localiseCsv(csv(COLUMNS), command({ top: '1' })) as NamedCause[]).length, 1)
})

test('each refusal has its code and says how to mend it', () => {
  const text = csv(COLUMNS)
  const cases: [string, string, Partial<LocaliseCommand>, RegExp][] = [
    [
      'column_missing',
      text,
      { count: 'viewers' },
      /no column "viewers" \(--count\).*min, cdn, device, value, cnt/,
    ],
    ['column_missing', text, { time: 'ts' }, /no column "ts" \(--time\)/],
    ['column_missing', '', {}, /no column "min"/],
    ['minute_missing', text, { at: 601 }, /no row at 601.*from 0 to 660/],
    ['minute_missing', 'min,cdn,value,cnt\n', {}, /It has no rows/],
    ['no_rows_before', text, { at: 0 }, /no row before 0.*earlier minutes/],
    ['no_dimensions', 'min,value,cnt\n600,1,2', {}, /Add dimensions/],
    ['number_malformed', text.replace(',11,600', ',x,600'), {}, /row 1 after the header: value is "x"/],
    ['number_malformed', text.replace(',11,600', ',-1,600'), {}, /from 0 up/],
    ['csv_malformed', `${text}\n600,a`, {}, /line 74: the row has more or fewer fields than the header/],
    ['csv_malformed', `${text}\n600,"a,b`, {}, /never closed/],
    ['csv_malformed', 'min,cdn,cdn,value,cnt\n1,a,b,1,1', {}, /"cdn" stands twice/],
    ['option_malformed', text, { at: 'noon' }, /epoch seconds/],
    ['option_malformed', text, { top: 0 }, /--top 0/],
    ['option_malformed', text, { worse: 'sideways' }, /higher or lower/],
    ['option_malformed', text, { kind: 'sum' }, /share or level/],
  ]
  for (const [code, from, more, message] of cases) {
    const result = localiseCsv(from, command(more))
    assert.ok('code' in result, `${code}: ${JSON.stringify(result)}`)
    assert.equal(result.code, code)
    assert.match(result.message, message)
  }
})

test('the command prints JSON and leaves with 0, or the error and 1', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'localise-'))
  try {
    const file = join(folder, 'cells.csv')
    await writeFile(file, csv(COLUMNS))
    const good = await runLocalise(command({ file, at: '600' }))
    assert.equal(good.exitCode, 0)
    const [first] = JSON.parse(good.output)
    assert.deepEqual(Object.keys(first), ['cause', 'explains', 'confidence', 'viewers'])
    const bad = await runLocalise(command({ file: join(folder, 'none.csv') }))
    assert.equal(bad.exitCode, 1)
    assert.equal(JSON.parse(bad.output).error.code, 'file_unreadable')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('CSV: line breaks of all kinds, BOM, quotes over lines, blank lines, a comma at the end', () => {
  const read = (text: string) => {
    const result = readTable(text)
    assert.ok(result.ok, JSON.stringify(result))
    return [result.table.rows, Object.fromEntries(result.table.columns)]
  }
  const expected = [2, { a: ['1', '3'], b: ['2', ''] }]
  assert.deepEqual(read('a,b\n1,2\n3,\n'), expected)
  assert.deepEqual(read('a,b\n1,2\n3,'), expected)
  assert.deepEqual(read('\ufeffa,b\r\n1,2\r\n\r\n3,\r\n'), expected)
  assert.deepEqual(read('"a",b\n"1",2\n3,""'), expected)
  assert.deepEqual(read('a\n"x ""y""\nz"'), [1, { a: ['x "y"\nz'] }])
  assert.deepEqual(readTable('a,b\n"1\n2",3\n4\n'), {
    ok: false,
    line: 4,
    why: 'the row has more or fewer fields than the header',
  })
  assert.equal(readTable('a\n"1"x').ok, false)
})
