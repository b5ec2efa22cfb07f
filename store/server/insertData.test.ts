import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findInsertData } from './insertData.ts'

const dataOf = (text: string) => {
  const found = findInsertData(text)
  return found && text.slice(found.data)
}

test('finds where the data of an insert begins', () => {
  const cases: [string, string | undefined][] = [
    ['INSERT INTO t FORMAT CSV\n1,2', '1,2'],
    ['insert into t (a, b) format JSONEachRow {"a":1}', '{"a":1}'],
    ['INSERT INTO t VALUES (1)', ' (1)'],
    ['/* FORMAT no */ -- VALUES no\nINSERT INTO t /* FORMAT X */ FORMAT CSV\r\n1', '1'],
    ["INSERT INTO t SETTINGS a = 'FORMAT CSV', b = 2 FORMAT TSV\nx", 'x'],
    ["INSERT INTO t FORMAT TSV SETTINGS a = 1, b = 'x'\nx", 'x'],
    ['INSERT INTO format FORMAT CSV\n1', '1'],
    ['INSERT INTO db.`values` (`format`, "values") FORMAT CSV\n1', '1'],
    ['INSERT INTO TABLE db.t FORMAT CSV\n\n1', '\n1'],
    ['INSERT INTO t FORMAT CSV', ''],
    ['INSERT INTO t SELECT 1 FORMAT Null', undefined],
    ['INSERT INTO t (a) WITH 1 AS x SELECT x', undefined],
    ["INSERT INTO FUNCTION file('x') VALUES (1)", undefined],
    ["SELECT 'INSERT INTO t FORMAT CSV'", undefined],
    ['', undefined],
  ]
  for (const [text, expected] of cases) assert.equal(dataOf(text), expected, text)
})
