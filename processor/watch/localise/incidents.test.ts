import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { localiseCsv, type NamedCause } from './command.ts'

const folder = new URL('../../../../shared/incidents/', import.meta.url)
/** The labelled data is not part of the project: who has it lays it beside the checkout. CI has it and must not miss it. */
const skip =
  process.env.CI === undefined && !existsSync(folder) ? `no labelled incidents in ${folder.pathname}` : false

const keyOf = (cause: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(cause).sort(([a], [b]) => (a < b ? -1 : 1)))

test('the labelled incidents: exact cause first, in three, in five', { skip }, () => {
  const labels: { file: string; at: number; causes: Record<string, string>[] }[] = JSON.parse(
    readFileSync(new URL('labels.json', folder), 'utf8'),
  )
  const ranks = labels.map(({ file, at, causes }) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const found = localiseCsv(text, { file, at, value: 'value', count: 'cnt' })
    assert.ok(!('code' in found), `${file}: ${JSON.stringify(found)}`)
    const wanted = new Set(causes.map(keyOf))
    const rank = (found as NamedCause[]).findIndex(({ cause }) => wanted.has(keyOf(cause)))
    return rank < 0 ? Number.POSITIVE_INFINITY : rank
  })
  const within = (k: number): number => ranks.filter((rank) => rank < k).length / ranks.length
  assert.equal(ranks.length, 45)
  assert.ok(within(1) >= 0.9, `first: ${within(1)}`)
  assert.ok(within(3) >= 0.95, `in three: ${within(3)}`)
  assert.ok(within(5) >= 0.97, `in five: ${within(5)}`)
})
