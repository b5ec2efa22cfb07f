import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Run } from '../testing/run.ts'
import { type Row, report, STANDS } from '../testing/stands.ts'

const viewers = STANDS.rebuffering_ratio!

/** A second of a show that is well, with a push to two platforms and a recorder. */
const link = (second: number, gone: readonly string[]): Row[] => [
  report('encoder', second, { fps_out: 30 }),
  report('ingest', second, { bitrate_in_kbps: 4000 }),
  ...['a', 'b']
    .filter((node) => !gone.includes(node))
    .map((node) => report('push', second, { node, session: node, bitrate_out_kbps: 4000 })),
  ...(gone.includes('record') ? [] : [report('record', second, { bitrate_out_kbps: 4000 })]),
]

const play = (run: Run, seconds: number, { gone = [] as string[], stalls = 0.005, ended = false } = {}) => {
  for (let s = 0; s < seconds; s += 1)
    run.second({
      heartbeat: viewers.rows(run.at_s, stalls),
      hop: ended ? [] : link(run.at_s, gone),
    })
}

test('what breaks beside the link is an incident each, and no cause of what viewers feel', () => {
  const run = new Run()
  play(run, 150)
  assert.equal(run.open.length, 0)
  play(run, 25, { gone: ['b', 'record'] })
  assert.deepEqual(
    run.open.map(({ metric, hop, cause, viewers, family }) => [metric, hop, cause, viewers, family]).sort(),
    [
      ['push_bitrate', 'ingest', { node: 'b' }, 0, 'branch'],
      ['recording_bitrate', 'ingest', { node: 'record-1' }, 0, 'branch'],
    ],
  )
  assert.match(
    run.open.find(({ metric }) => metric === 'push_bitrate')!.summary_en,
    /^Push to another platform at b is silent/,
  )

  play(run, 25, { gone: ['b', 'record'], stalls: 0.4 })
  const felt = run.open.find(({ family }) => family === 'media')
  assert.equal(felt?.hop, 'player', 'the ingest is well: a push that is gone explains no stalls')
  assert.ok(felt.evidence.clean.includes('ingest'))
  play(run, 60)
  assert.equal(run.open.length, 0)
})

test('a branch that falls silent together with the picture is not told apart', () => {
  const run = new Run()
  play(run, 150)
  play(run, 25, { ended: true })
  assert.deepEqual(
    run.open.filter(({ family }) => family === 'branch'),
    [],
  )
  assert.ok(run.open.length > 0)
})
