import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Command } from 'commander'
import { transform } from 'esbuild'
import { parseAllDocuments } from 'yaml'
import { ROOT } from '../../check/sources.ts'
import { wrongEntry } from '../../console/server/registry.ts'
import { createProgram } from '../../main/cli.ts'
import { environmentNames, loadConfig } from '../../main/config/load.ts'
import { Config } from '../../main/config/schema.ts'
import { readDrill } from '../../main/drill/drillFile.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { loadRules } from '../../processor/watch/detect/loadRules.ts'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
import { type Firstframe, startFirstframe } from '../pipeline/firstframe.ts'
import { PROGRAM } from '../program.ts'
import { BLOCKS_ELSEWHERE, COMMANDS_ELSEWHERE } from './elsewhere.ts'
import { type Block, commandsOf, readBlocks } from './readBlocks.ts'

/** Every block that a reader can copy is run, or read by what reads it in earnest, or stands in a table with the reason. */

let firstframe: Firstframe
const folder = mkdtempSync(join(tmpdir(), 'firstframe-docs-'))
before(async () => {
  firstframe = await startFirstframe()
})
after(async () => {
  await firstframe?.dispose()
  rmSync(folder, { recursive: true })
})

const blocks = readBlocks()
const place = ({ page, line }: Block): string => `${page}:${line}`
const tally: Record<string, number> = {}
const count = (what: string): void => {
  tally[what] = (tally[what] ?? 0) + 1
}
const elsewhere = (block: Block): boolean =>
  BLOCKS_ELSEWHERE.some(([page, has]) => page === block.page && has.test(block.text))

/** The problems of a YAML block, read as what it is; undefined when it is nothing of ours. */
function yamlProblems(text: string): readonly string[] | undefined {
  const documents = parseAllDocuments(text)
  const wrong = documents.flatMap(({ errors }) => errors.map(({ message }) => message))
  if (wrong.length > 0) return wrong
  const value = documents[0]!.toJS() as Record<string, unknown>
  if ('apiVersion' in value) {
    const known = environmentNames()
    const named = text.match(/FIRSTFRAME_[A-Z_]+/g) ?? []
    return named.filter((name) => !known.has(name)).map((name) => `${name} is no setting`)
  }
  const keys = Object.keys(value)
  if (keys.join() === 'rules') {
    const loaded = loadRules(text)
    return 'rules' in loaded ? [] : loaded.errors.map(({ message }) => message)
  }
  if ('targets' in value && 'steps' in value) {
    try {
      readDrill(text, 'block')
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  }
  if ('streams' in value) {
    const problem = wrongEntry(value)
    return problem === undefined ? [] : [problem]
  }
  if ('audience' in value) {
    const scenario = parseScenario(text)
    return 'errors' in scenario ? scenario.errors.map(({ message }) => message) : []
  }
  if (!keys.every((key) => key in Config.properties)) return undefined
  const path = join(folder, 'firstframe.yaml')
  writeFileSync(path, text)
  try {
    loadConfig({ file: { path, optional: false }, environment: {}, flags: {} })
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

test('every YAML block is read by what reads such a file', () => {
  for (const block of blocks.filter(({ language }) => language === 'yaml')) {
    const problems = yamlProblems(block.text)
    if (problems === undefined) assert.ok(elsewhere(block), `${place(block)}: nobody reads this YAML`)
    else assert.deepEqual(problems, [], place(block))
    count(problems === undefined ? 'elsewhere' : 'yaml')
  }
})

test('every block of JSON, JavaScript and TypeScript is whole', async () => {
  for (const block of blocks) {
    const { language, text } = block
    if (language === 'json') JSON.parse(text)
    else if (language === 'js' || language === 'ts')
      await transform(text, { loader: 'tsx', logLevel: 'silent' }).catch((error: Error) =>
        assert.fail(`${place(block)}: ${error.message}`),
      )
    else continue
    count(language)
  }
})

test('every page’s HTML is whole, and the scripts it names are served', async () => {
  for (const block of blocks.filter(({ language }) => language === 'html')) {
    for (const [, source] of block.text.matchAll(
      /<script src="http:\/\/(?:127\.0\.0\.1|localhost):8080(.*?)"/g,
    )) {
      const answer = await fetch(firstframe.url + source)
      assert.equal(answer.status, 200, `${place(block)}: ${source}`)
      await answer.arrayBuffer()
    }
    for (const [, script] of block.text.matchAll(/<script>([\s\S]*?)<\/script>/g))
      await transform(script!, { logLevel: 'silent' })
    count('html')
  }
})

const PARAMS = {
  tenant: 'demo',
  show: 'gala',
  from: '2026-11-20 12:00:00',
  to: '2026-11-20 14:00:00',
  window_ms: '60000',
}

test('every SQL block is answered by the console', { timeout: 60_000 }, async () => {
  for (const block of blocks.filter(({ language }) => language === 'sql')) {
    const query = new URLSearchParams({ database: 'firstframe' })
    for (const [, name, type] of block.text.matchAll(/\{(\w+):(\w+)/g))
      query.set(`param_${name}`, PARAMS[name as keyof typeof PARAMS] ?? (type === 'String' ? 'x' : '1'))
    const answer = await fetch(`${firstframe.consoleUrl}/clickhouse/?${query}`, {
      method: 'POST',
      body: block.text,
    })
    assert.equal(answer.status, 200, `${place(block)}: ${await answer.text()}`)
    count('sql')
  }
})

/** What is wrong with the flags of a line that begins with firstframe, by the program’s own list of them. */
function flagProblems(words: readonly string[]): string[] {
  let command: Command = createProgram()
  const flags: string[] = []
  const known = new Set(['--help', '--version'])
  for (const word of words) {
    const sub = flags.length === 0 ? command.commands.find((each) => each.name() === word) : undefined
    if (sub !== undefined) {
      for (const option of command.options) if (option.long) known.add(option.long)
      command = sub
    } else if (/^--?[a-z]/.test(word)) flags.push(word.split('=')[0]!)
  }
  if (command.parent === null && flags.length === 0) return [`${words[0]} is no command`]
  for (const { long, short } of command.options) for (const name of [long, short]) if (name) known.add(name)
  return flags.filter((flag) => !known.has(flag)).map((flag) => `${command.name()} has no ${flag}`)
}

/** Commands that are safe here and end soon: they are run as they stand, against the instance of this test. */
const RUN =
  /^(npx firstframe (planned|query|report|shows|token|keys|receivers|config|password)|sleep \d)|^curl /

const run = (command: string): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const line = command
      .replace(/^npx firstframe/, `"${process.execPath}" "${PROGRAM}"`)
      .replaceAll(/(https?:\/\/)?(localhost|127\.0\.0\.1):8080/g, firstframe.url)
      .replaceAll(/(https?:\/\/)?(localhost|127\.0\.0\.1):8081/g, firstframe.consoleUrl)
      .replaceAll('data/server-key', join(firstframe.data, 'server-key'))
      .replaceAll(/^curl /g, 'curl -sS --fail-with-body --retry 20 ')
    const env = {
      ...process.env,
      FIRSTFRAME_CONSOLE_PORT: new URL(firstframe.consoleUrl).port,
      FIRSTFRAME_DATA: firstframe.data,
    }
    const cwd = /--file docs\/|rehearsal\//.test(line) ? ROOT : folder
    execFile('sh', ['-c', line], { cwd, env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out + err }),
    )
  })

/** A block without a language right behind a block of commands shows what the first of them prints. */
const printedBy = (block: Block): string | undefined => {
  const before = blocks.filter(({ page, line }) => page === block.page && line < block.line).at(-1)
  if (block.language !== '' || elsewhere(block) || before?.language !== 'sh') return undefined
  const gap = block.line - (before.line + before.text.split('\n').length)
  return gap <= 2 ? commandsOf(before.text)[0] : undefined
}

test('what a page shows as printed is printed, line by line, whatever its figures are', {
  timeout: 120_000,
}, async () => {
  const plain = (text: string): string[] =>
    text
      .split('\n')
      .map((line) =>
        line
          .trim()
          .replaceAll(/[\d.:]+/g, '0')
          .replaceAll(/\s+/g, ' '),
      )
      .filter((line) => line !== '')
  for (const block of blocks) {
    const command = printedBy(block)
    if (command === undefined) continue
    const { code, out } = await run(command)
    assert.equal(code, 0, out)
    const printed = plain(out)
    for (const line of plain(block.text))
      assert.ok(printed.includes(line), `${place(block)}: “${line}” is not printed by ${command}:\n${out}`)
    count('printed')
  }
  assert.ok((tally.printed ?? 0) > 0)
})

test('every command of a page is run, or known to the program, or stands in the table', {
  timeout: 180_000,
}, async () => {
  for (const block of blocks.filter(({ language }) => language === 'sh' || language === '')) {
    if (printedBy(block) !== undefined) continue
    if (elsewhere(block)) {
      count('elsewhere')
      continue
    }
    for (const command of commandsOf(block.text)) {
      const what = `${place(block)}: ${command}`
      const script = /^npm (?:run )?(?:-s )?([\w:]+)/.exec(command)?.[1]
      if (/^(npx )?firstframe /.test(command)) {
        assert.match(command, /^npx /, `${what}: without npx it is on nobody’s path`)
        assert.deepEqual(flagProblems(command.split(/\s+/).slice(2)), [], what)
      }
      if (COMMANDS_ELSEWHERE.some(([begins]) => begins.test(command))) {
        if (script !== undefined && /^npm (run|test|start)/.test(command))
          assert.ok(script in packageJson.scripts, `${what}: package.json has no ${script}`)
        count('command elsewhere')
      } else if (RUN.test(command)) {
        const { code, out } = await run(command)
        assert.equal(code, 0, `${what}\n${out}`)
        count('command run')
      } else {
        assert.match(command, /^npx firstframe /, `${what}: nobody tries this command`)
        count('command checked')
      }
    }
  }
})

test('no block is of a language that nobody tries', (t) => {
  const tried = ['', 'sh', 'yaml', 'json', 'js', 'ts', 'html', 'sql']
  for (const block of blocks)
    assert.ok(tried.includes(block.language) || elsewhere(block), `${place(block)}: ${block.language}`)
  t.diagnostic(`${blocks.length} blocks: ${JSON.stringify(tally)}`)
})
