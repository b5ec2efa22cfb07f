import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from './jars.ts'

/** What asking for the jars says on a machine that has only the programs in one folder. */
async function answer(folder: string): Promise<string> {
  const jars = fileURLToPath(new URL('jars.ts', import.meta.url))
  const cache = JSON.stringify(join(folder, 'cache'))
  const script = `import(${JSON.stringify(jars)}).then((m) => m.kafkaJars({ cache: ${cache} })).catch((e) => console.log(e.message))`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { env: { PATH: folder, HOME: folder } },
      (_, stdout) => resolve(stdout),
    )
  })
}

test('without Java or Maven the error says what is missing and how to get it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-jars-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  assert.match(await answer(folder), /`java` is not installed.*apt-get install -y maven/s)
  const { output } = await run('sh', ['-c', 'command -v java'])
  symlinkSync(output.trim(), join(folder, 'java'))
  assert.match(await answer(folder), /`mvn` is not installed.*apt-get install -y maven/s)
})
