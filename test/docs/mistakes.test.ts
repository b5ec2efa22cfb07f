import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '../../main/cli.ts'
import { ConfigError, loadConfig } from '../../main/config/load.ts'
import { PROGRAM } from '../program.ts'

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

for (const [setting, message] of rowsOf('In the environment'))
  test(`the environment ${setting} is refused as the page says`, () => {
    const [name, ...value] = setting!.split('=')
    assert.throws(
      () => loadConfig({ environment: { [name!]: value.join('=') }, flags: {} }),
      (error: Error) =>
        error instanceof ConfigError && error.problems.some((each) => each.startsWith(message!)),
    )
  })

test('encodings: UTF-16 and Latin-1 are refused; a byte order mark and Windows line ends do no harm', () => {
  const path = join(folder, 'encoded.yaml')
  const load = (bytes: Buffer | string) => {
    writeFileSync(path, bytes)
    return loadConfig({ file: { path, optional: false }, environment: {}, flags: {} })
  }
  assert.throws(() => load(Buffer.from('\ufeffport: 8080', 'utf16le')), /is not text in UTF-8/)
  assert.throws(() => load(Buffer.from('data: caf\u00e9', 'latin1')), /is not text in UTF-8/)
  assert.equal(load('\ufeffport: 8088\r\nlog:\r\n  partitions: 2\r\n').port, 8088)
})

test('a firstframe.yml is not passed over in silence', () => {
  const cwd = mkdtempSync(join(folder, 'yml-'))
  writeFileSync(join(cwd, 'firstframe.yml'), 'port: 8088')
  const file = { path: join(cwd, 'firstframe.yaml'), optional: true }
  assert.throws(
    () => loadConfig({ file, environment: {}, flags: {} }),
    /firstframe\.yml: is not read: rename it/,
  )
})

const COMMAND_LINE = rowsOf('On the command line')

test('the page has the mistakes of the command line', () => {
  assert.ok(COMMAND_LINE.length >= 29, `${COMMAND_LINE.length} rows`)
})

for (const [args, message] of COMMAND_LINE)
  test(`firstframe ${args} is refused as the page says`, async (t) => {
    const home = process.cwd()
    process.chdir(mkdtempSync(join(folder, 'line-')))
    let stderr = ''
    const exits: unknown[] = []
    t.mock.method(process.stderr, 'write', (text: string) => {
      stderr += text
      return true
    })
    t.mock.method(console, 'error', (text: string) => {
      stderr += `${text}\n`
    })
    t.mock.method(process, 'exit', (status: unknown) => {
      exits.push(status)
      throw new Error('the end of the process')
    })
    try {
      await assert.rejects(run(['node', 'firstframe', ...args!.split(' ')]), /the end of the process/)
    } finally {
      process.chdir(home)
      t.mock.restoreAll()
    }
    assert.ok(stderr.startsWith(message!), stderr)
    // Commander ends the process itself, and the stand-in for that is caught as a bug: the first exit counts.
    assert.equal(exits[0], 2)
  })

test('the process ends with that exit code and that line', () => {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'strat'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr.split('\n')[0]], [2, "error: unknown command 'strat'"])
})
