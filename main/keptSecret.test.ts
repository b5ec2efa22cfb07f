import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keptSecret } from './keptSecret.ts'

const folder = mkdtempSync(join(tmpdir(), 'firstframe-secret-'))
after(() => rmSync(folder, { recursive: true }))

test('a secret is random, kept, and readable by its owner only', () => {
  const [a, b] = [keptSecret(folder, 'a', ''), keptSecret(folder, 'b', '')]
  assert.match(a, /^[0-9a-f]{64}$/)
  assert.notEqual(a, b)
  assert.equal(keptSecret(folder, 'a', ''), a)
  assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o600)
  chmodSync(join(folder, 'a'), 0o644)
  keptSecret(folder, 'a', '')
  assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o600, 'others lose their right to read it')
})

test('an empty or torn file is refused with its name and what a new one would cost, and stays as it is', () => {
  for (const text of ['', '\n', 'abc', '0'.repeat(63), `${'0'.repeat(64)}x`]) {
    const path = join(folder, 'torn')
    writeFileSync(path, text)
    assert.throws(
      () => keptSecret(folder, 'torn', 'viewers count anew'),
      (error: Error) => {
        assert.ok((error as { expected?: boolean }).expected)
        assert.match(error.message, /torn is (empty|damaged): .*viewers count anew/)
        return true
      },
    )
    assert.equal(readFileSync(path, 'utf8'), text)
  }
})
