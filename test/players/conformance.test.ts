import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeCmcd } from '../../collector/cmcd/decode.ts'
import { CMCD_KEYS, type CmcdKey } from '../../collector/cmcd/keys.ts'
import { seeCmcd } from './cmcdStage.ts'
import { becomes, MODES, PLAYER_NAMES } from './conformance.ts'

test('hls.js, dash.js and Shaka in every mode: each record is read, and says who, what and which rendition', {
  timeout: 120_000,
}, async (t) => {
  const { seen, refused } = await seeCmcd()
  assert.deepEqual(refused, [])
  for (const player of PLAYER_NAMES) {
    for (const mode of MODES) {
      const records = seen.filter((each) => each.player === player && each.mode === mode)
      const keys = new Set<string>()
      for (const { line } of records) {
        const record = decodeCmcd(line)
        assert.ok(!('code' in record), `${player} ${mode}: ${line}`)
        for (const key of Object.keys(record.values)) keys.add(key)
        assert.deepEqual(record.dropped, [], `${player} ${mode}: ${line}`)
      }
      const wanted = ['sid', 'cid', 'sf', 'st', 'br']
      if (mode === '2' || mode === 'E' || mode === 'R') wanted.push('v', 'sn')
      if (mode === 'E' || mode === 'R') wanted.push('e', 'ts')
      if (mode === 'R') wanted.push('rc', 'url')
      assert.deepEqual(
        wanted.filter((key) => !keys.has(key)),
        [],
        `${player} ${mode} of ${records.length}`,
      )
      t.diagnostic(`${player} ${mode}: ${records.length} records, ${keys.size} keys`)
    }
  }
})

test('docs/players/cmcd.md has all 49 keys, and what each becomes is what the collector does', () => {
  const page = readFileSync(new URL('../../docs/players/cmcd.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \|[^|]*\|[^|]*\| ([^|]*) \|/gm)]
  assert.deepEqual(
    rows.map(([, key]) => key),
    Object.keys(CMCD_KEYS),
  )
  for (const [, key, columns] of rows) {
    const stated = [...columns!.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    assert.deepEqual(stated, becomes(key as CmcdKey), key)
  }
})
