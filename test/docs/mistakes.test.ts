import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigError, loadConfig } from '../../main/config/load.ts'

/** docs/mistakes.md: what each row says is what the program says. */

const page = readFileSync(new URL('../../docs/mistakes.md', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'firstframe-mistakes-'))
after(() => rmSync(folder, { recursive: true }))

/** The rows of a section's table, as the code in their cells. */
function rowsOf(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0]
  assert.ok(section !== undefined, `the page has a section ${heading}`)
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ``'))
    .map((line) => [...line.matchAll(/`` (.*?) ``/g)].map(([, text]) => text!))
}

const CONFIGURATION = rowsOf('In the configuration')

test('the page has the mistakes of the configuration', () => {
  assert.ok(CONFIGURATION.length >= 41, `${CONFIGURATION.length} rows`)
})

for (const [yaml, message] of CONFIGURATION)
  test(`the configuration ${yaml} is refused as the page says`, () => {
    const path = join(folder, 'firstframe.yaml')
    writeFileSync(path, yaml!)
    assert.throws(
      () => loadConfig({ file: { path, optional: false }, environment: {}, flags: {} }),
      (error: Error) => {
        assert.ok(error instanceof ConfigError)
        assert.ok(error.problems.includes(`${path}:${message}`), error.message)
        return true
      },
    )
  })

const PROGRAM = fileURLToPath(new URL('../../main/firstframe.mjs', import.meta.url))
const COMMAND_LINE = rowsOf('On the command line')

test('the page has the mistakes of the command line', () => {
  assert.ok(COMMAND_LINE.length >= 16, `${COMMAND_LINE.length} rows`)
})

for (const [args, message] of COMMAND_LINE)
  test(`firstframe ${args} is refused as the page says`, () => {
    const cwd = mkdtempSync(join(folder, 'line-'))
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args!.split(' ')], {
      cwd,
      encoding: 'utf8',
      timeout: 30_000,
    })
    assert.ok(stderr.startsWith(message!), stderr)
    assert.equal(status, 2)
  })
