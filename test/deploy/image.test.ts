import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../check/sources.ts'
import { buildDist } from '../../deploy/build.ts'
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

test('the built tree is enough: Firstframe runs from it without sources, tsx or esbuild', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-image-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  await buildDist(join(folder, 'dist'))
  for (const path of image.copied) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  const built = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    built.filter((path) => /\.test\.|testing\/|\.tsx?$/.test(path) && !path.endsWith('.d.mts')),
    [],
    'nothing of tests, no sources',
  )
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  // Only what is installed beside a packed Firstframe.
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (['tsx', 'esbuild', '@esbuild', 'typescript'].includes(name)) continue
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  assert.ok(!('tsx' in manifest.dependencies) && !('esbuild' in manifest.dependencies))
  const firstframe = await startFirstframe({ program: join(folder, image.entrypoint[1]!) })
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
