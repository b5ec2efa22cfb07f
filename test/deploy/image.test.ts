import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../check/sources.ts'
import { loadConfig } from '../../main/config/load.ts'
import { serveHealth } from '../../main/health.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { dockerfile } from './dockerfile.ts'

const image = dockerfile()

test('the image runs as no root, on ports and in a folder that the settings name', () => {
  assert.notEqual(image.user, 'root')
  const config = loadConfig({ environment: image.environment, flags: {} })
  assert.deepEqual(image.exposed, [config.port, config.console_port, config.health_port])
  assert.equal(image.volume, config.data)
  assert.deepEqual(
    [config.console_host, config.health_host],
    ['0.0.0.0', '0.0.0.0'],
    'reachable from outside it',
  )
})

test('what is copied is let through, and is enough: Firstframe runs from a folder with nothing else', async (context) => {
  const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-image-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const path of image.copied) {
    assert.ok(allowed.includes(path.split('/')[0]!), `.dockerignore keeps ${path} out`)
    cpSync(join(ROOT, path), join(folder, path), {
      recursive: true,
      filter: (from) => !from.endsWith('.test.ts'),
    })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const program = join(folder, image.entrypoint[1]!)
  const firstframe = await startFirstframe({ program })
  context.after(() => firstframe.dispose())
  for (const path of ['/', '/runbooks/encoder_fps-absence'])
    assert.equal((await fetch(`${firstframe.consoleUrl}${path}`)).status, 200, path)
  assert.equal((await fetch(`${firstframe.url}/firstframe.js`)).status, 200)
  assert.equal(await firstframe.stop(), 0)
})

test('the health check ends with 0 when the role is ready, and with its reasons when it is not', async (context) => {
  let reason: string | undefined = 'nothing is judged'
  const health = await serveHealth({
    host: '127.0.0.1',
    port: 0,
    roles: [{ name: 'watch', readiness: () => reason, close: async () => {} }],
    started: () => true,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  })
  context.after(() => health.close())
  const check = (port: string) =>
    new Promise<{ code: number; text: string }>((resolve) => {
      const [program, ...args] = image.healthcheck
      assert.equal(program, 'node')
      execFile(
        process.execPath,
        args,
        { cwd: ROOT, env: { FIRSTFRAME_HEALTH_PORT: port } },
        (error, out, err) => resolve({ code: Number(error?.code ?? 0), text: `${out}${err}` }),
      )
    })
  const { port } = new URL(health.url)
  const not = await check(port)
  assert.equal(not.code, 1)
  assert.match(not.text, /nothing is judged/)
  reason = undefined
  assert.deepEqual(await check(port), { code: 0, text: '' })
  assert.equal((await check('1')).code, 1, 'nobody listens')
})
