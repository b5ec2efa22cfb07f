import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROGRAM } from '../program.ts'
import { endWith, waitFor } from '../stream/index.ts'
import { startFirstframe } from './firstframe.ts'
import { postPatiently } from './postPatiently.ts'
import { sqlOf } from './sql.ts'

test('stored traffic through changed rules: the page comes, or would not have come', {
  timeout: 120_000,
}, async (t) => {
  const own = endWith(t)
  const firstframe = await startFirstframe()
  own(() => firstframe.dispose())
  const query = sqlOf(firstframe)
  const send = (status: string) =>
    postPatiently(`${firstframe.url}/v1/beacons`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        key: firstframe.serverKey(),
        context: { show: 'r', stream: 'r', source: 'ffmpeg' },
        events: [{ kind: 'hop', hop: 'encoder', node: 'e', status, fps_out: 30, interval_ms: 500 }],
      }),
    })
  const began = Date.now()
  while (Date.now() < began + 12_000) {
    assert.equal((await send('up')).status, 204)
    await new Promise((resolve) => setTimeout(resolve, 400))
  }
  // … and the encoder falls silent.
  const live = await waitFor(
    async () =>
      (
        await query<{ id: string; rule: string; at: string }>(
          `SELECT id, rule, toUnixTimestamp64Milli(opened_time) AS at FROM incident FINAL WHERE stream = 'r'`,
        )
      )[0],
    { what: 'the page when it happened' },
  )

  const replay = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        PROGRAM,
        'replay',
        '--url',
        firstframe.consoleUrl,
        '--from',
        String(began),
        '--to',
        String(Date.now()),
        '--json',
        ...args,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    return stdout.trim() === ''
      ? []
      : stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { rule: string; hop: string; at_ms: number })
  }
  const [page] = replay()
  assert.equal(page?.rule, live.rule)
  assert.equal(page?.hop, 'encoder')
  assert.ok(Math.abs(page!.at_ms - Number(live.at)) <= 1000, 'at the same second')

  const rules = join(firstframe.data, 'rules.yaml')
  await writeFile(rules, 'rules:\n  - metric: encoder_fps\n    rule: absence\n    off: true\n')
  assert.deepEqual(replay('--rules', rules), [], 'with the rule off, nobody would have been paged')
})
