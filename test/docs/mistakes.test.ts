import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { wrongEntry } from '../../console/server/registry.ts'
import { run } from '../../main/cli.ts'
import { ConfigError, loadConfig } from '../../main/config/load.ts'
import { loadRules } from '../../processor/watch/detect/loadRules.ts'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
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

/** A row's YAML over what the row leaves out. */
const over = (usual: object, yaml: string) => ({ ...usual, ...(parse(yaml) as object) })

for (const [yaml, message] of rowsOf('In a show’s file'))
  test(`the show ${yaml} is refused as the page says`, () =>
    assert.equal(wrongEntry(over({ show: 'gala', streams: [{ stream: 'main' }] }, yaml!)), message))

for (const [yaml, message] of rowsOf('In a rehearsal’s file'))
  test(`the rehearsal ${yaml} is refused as the page says`, () => {
    const usual = { title: 'A rehearsal', length_s: 300, audience: { viewers: 100 } }
    const parsed = parseScenario(stringify(over(usual, yaml!)))
    assert.ok('errors' in parsed)
    assert.equal(parsed.errors[0]!.message, message)
  })

for (const [yaml, message] of rowsOf('In a file of rules'))
  test(`the rule ${yaml} is refused as the page says`, () => {
    const loaded = loadRules(stringify({ rules: [parse(yaml!)] }))
    assert.ok('errors' in loaded)
    assert.equal(loaded.errors[0]!.message, message)
  })

test('a command that asks the console says that the configuration is broken, and then asks the standard port', () => {
  const cwd = mkdtempSync(join(folder, 'broken-'))
  writeFileSync(join(cwd, 'firstframe.yaml'), 'console_prot: 8082')
  const { stderr } = spawnSync(process.execPath, [PROGRAM, 'shows', 'list'], { cwd, encoding: 'utf8' })
  assert.match(stderr, /looked for at http:\/\/127\.0\.0\.1:8081; name it with --url, or mend .*console_prot/)
  const named = spawnSync(process.execPath, [PROGRAM, 'shows', 'list', '--url', 'http://127.0.0.1:9'], {
    cwd,
    encoding: 'utf8',
  })
  assert.doesNotMatch(named.stderr, /looked for/)
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
