import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { mapDimensions } from './dimensionMap.ts'
import { createHistoryAudience } from './historyAudience.ts'
import { type History, readHistory } from './readHistory.ts'

const COLUMNS = { time: 'min', value: 'value', count: 'cnt' }
const T0 = 1_600_000_020

const read = (text: string): History => {
  const history = readHistory(text, COLUMNS)
  if ('code' in history) assert.fail(history.message)
  return history
}

/** By minute and cell: sessions heard, and those that stalled. */
function play(history: History, viewers = 1e9, seed = 1) {
  const map = mapDimensions(history)
  if ('message' in map) assert.fail(map.message)
  const audience = createHistoryAudience({ history, map, stall_ms: 1500, viewers, seed })
  const minutes: Map<string, { heard: Set<string>; stalled: Set<string> }>[] = []
  const beats: string[] = []
  for (let second = audience.from_s; second < audience.to_s; second += 1) {
    const batch = audience.second(second)
    if (batch === undefined) continue
    const rows = readBatch('heartbeat', batch.bytes, [
      ...[
        'session',
        'seq',
        'received_time',
        'stalled_ms',
        'interval_ms',
        'played_ms',
        'stall_count',
        'reason',
      ],
      ...map.dimensions,
    ])
    for (let row = 0; row < rows.rows; row += 1) {
      const cell = map.dimensions.map((name) => rows.label(name).at(row)).join('/')
      const minute = (minutes[Math.floor((second - audience.from_s) / 60)] ??= new Map())
      const sets = minute.get(cell) ?? { heard: new Set(), stalled: new Set() }
      minute.set(cell, sets)
      const session = rows.text('session').at(row)
      const [stalled, interval, played] = ['stalled_ms', 'interval_ms', 'played_ms'].map(
        (name) => rows.number(name).values[row]!,
      ) as [number, number, number]
      assert.equal(played + stalled, interval)
      if (rows.label('reason').at(row) !== 'end') sets.heard.add(session)
      if (stalled > 0) sets.stalled.add(session)
      beats.push(`${session} ${rows.number('seq').values[row]} ${rows.number('received_time').values[row]}`)
    }
  }
  return { minutes, beats, share: audience.share }
}

const CSV = `min,运营商,value,cnt,bitrate
${T0},电信,3,40,0
${T0},联通,0,7,4000
${T0 + 60},电信,5,38,0
${T0 + 60},联通,7,7,4000
${T0 + 120},电信,0,45,0
`

test('as many sessions beat and stall in a minute as the cell counts', () => {
  const { minutes } = play(read(CSV))
  const counts = minutes.map((cells) =>
    [...cells].map(([cell, { heard, stalled }]) => `${cell} ${stalled.size}/${heard.size}`).sort(),
  )
  assert.deepEqual(counts, [
    ['电信/0 3/40', '联通/4000 0/7'],
    ['电信/0 5/38', '联通/4000 7/7'],
    ['电信/0 0/45', '联通/4000 0/0'],
  ])
})

test('the same seed gives the same beats, another seed others', () => {
  assert.deepEqual(play(read(CSV)).beats, play(read(CSV)).beats)
  assert.notDeepEqual(play(read(CSV)).beats, play(read(CSV), 1e9, 2).beats)
})

test('larger audiences are thinned, sessions and stalls alike', () => {
  const history = read(
    `min,cdn,value,cnt\n${[0, 1, 2, 3].map((minute) => `${T0 + minute * 60},a,4000,20000`).join('\n')}`,
  )
  const { minutes, share } = play(history, 2000)
  assert.equal(share, 0.1)
  for (const cells of minutes) {
    const { heard, stalled } = cells.get('a')!
    assert.ok(heard.size > 1850 && heard.size < 2150, `${heard.size} heard`)
    assert.ok(stalled.size / heard.size > 0.17 && stalled.size / heard.size < 0.23, `${stalled.size} stalled`)
  }
})

test('any column is carried by a dimension of the pipeline and comes back as it stood', () => {
  const columns = ['p2p', 'bitrate', 'cdn', 'gameid', 'Operator', 'whatever', 'isp']
  const map = mapDimensions({ columns })
  if ('message' in map) assert.fail(map.message)
  assert.equal(new Set(map.dimensions).size, columns.length)
  assert.deepEqual(map.dimensions.slice(0, 4), ['delivery', 'rendition', 'cdn', 'app'])
  const values = ['0', '0', '', '~other', '移动', 'x', 'y']
  const cause = Object.fromEntries(map.dimensions.map((name, at) => [name, map.carry(values[at]!)]))
  assert.deepEqual(map.back(cause), Object.fromEntries(columns.map((name, at) => [name, values[at]!])))
  assert.ok(Object.values(cause).every((value) => value !== '' && value !== '~other'))
})

test('a wrong file is refused with what is wrong', () => {
  const code = (text: string) => {
    const result = readHistory(text, COLUMNS)
    return 'code' in result ? result.code : undefined
  }
  assert.equal(code('min,value,cnt\n'), 'history_empty')
  assert.equal(code('min,value\n1,2\n'), 'column_missing')
  assert.equal(code('min,value,cnt\n60,x,3\n'), 'number_malformed')
  assert.equal(code('min,value,cnt\n60,,3\n'), 'number_malformed')
  assert.equal(code('min,value,cnt\n60,1,2,3\n'), 'csv_malformed')
  assert.equal(code('min,value,cnt\n2026-11-21T12:00:00Z,1,2\n'), undefined)
})

test('a minute that the export cut off at its end is left out, so that no audience seems to leave', () => {
  const csv = ['min,cdn,value,cnt', '60,a,1,100', '120,a,1,100', '180,a,0,2'].join('\n')
  const history = readHistory(csv, { time: 'min', value: 'value', count: 'cnt' })
  assert.ok(!('code' in history))
  assert.deepEqual(
    history.minutes.map(({ start_s }) => start_s),
    [60, 120],
  )
  assert.deepEqual(history.incomplete_s, [180])
})
