import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutName } from './amount.ts'

test('a name is cut in its middle; names that would look alike show where they differ', () => {
  assert.equal(cutName('main'), 'main')
  assert.equal(cutName('double-eleven-side-stage-1-of-nine'), 'double-eleve…e-1-of-nine')
  const cameras = Array.from(
    { length: 12 },
    (_, at) => `double-eleven-main-stage-camera-${at + 1}-hevc-2160p`,
  )
  const cut = cameras.map((name) => cutName(name, cameras))
  assert.equal(new Set(cut).size, 12)
  assert.ok(
    cut.every((name) => [...name].length <= 24),
    cut.join(),
  )
  assert.equal(cut[11], '…tage-camera-12-hevc-21…')
})

test('a letter of several code units is never cut in two', () => {
  assert.doesNotMatch(cutName('👩‍👩‍👧‍👦🎉'.repeat(20)), /\p{Cs}/u)
  assert.equal([...new Intl.Segmenter().segment(cutName('🎉'.repeat(40)))].length, 24)
})
