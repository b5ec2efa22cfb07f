import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SOURCES } from '../program.ts'
import { endWith, waitFor } from '../stream/index.ts'
import { startFirstframe } from './firstframe.ts'

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the front door’s commands do what it says, as they stand there', { timeout: 90_000 }, async (t) => {
  const own = endWith(t)
  const firstframe = await startFirstframe({ program: SOURCES })
  own(() => firstframe.dispose())
  const [, block] = /```sh\n(curl localhost:8080[\s\S]*?)```/.exec(page('README.md'))!
  const commands = block!.trim().split(/\n(?=curl)/)
  assert.equal(commands.length, 2, 'one that sends and one that asks')
  const run = (command: string) =>
    execFileSync('sh', [
      '-c',
      command
        .replace('curl localhost:8080', `curl -sSi ${firstframe.url}`)
        .replace('curl localhost:8081', `curl -sS ${firstframe.consoleUrl}`)
        .replace('curl -i localhost:8080', `curl -sSi ${firstframe.url}`),
    ]).toString()
  // A busy collector answers 503, and is sent the same again.
  const taken = (command: string) =>
    waitFor(() => run(command).startsWith('HTTP/1.1 204'), { what: `204 to ${command}` })
  await taken(commands[0]!)
  await waitFor(() => run(commands[1]!).includes('my-show'), { what: 'the show in the answer of the second' })

  const [, example] = /^(curl -i localhost:8080\S* -d '.*')$/m.exec(page('collector/README.md'))!
  await taken(example!)
})
