import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from './metrics.ts'
import { partOf, RUNBOOK_PARTS } from './runbookParts.ts'
import { runbookZh } from './runbookZh.ts'

test('every sentence of a runbook that stands on a page has its Chinese', () => {
  const parts = Object.keys(RUNBOOK_PARTS).flatMap((metric) =>
    ([{}, { isp: 'x' }] as Readonly<Record<string, string>>[]).map((cause) =>
      partOf({ hop: 'player', metric: metric as Metric, cause, symptoms: [] }),
    ),
  )
  const sentences = [...Object.values(RUNBOOK_PARTS), ...parts].flatMap((part) =>
    part === undefined ? [] : [part.automatic, part.standby, ...part.tell],
  )
  assert.ok(sentences.length > 100)
  assert.deepEqual(
    [...new Set(sentences)].filter((sentence) => runbookZh(sentence) === undefined),
    [],
  )
})
