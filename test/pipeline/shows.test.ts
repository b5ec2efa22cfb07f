import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endWith, waitFor } from '../stream/index.ts'
import { startFirstframe } from './firstframe.ts'
import { postPatiently } from './postPatiently.ts'
import { sqlOf } from './sql.ts'

test('one show in many apps: declared once, a hook that names only the stream belongs to it', {
  timeout: 90_000,
}, async (t) => {
  const own = endWith(t)
  const firstframe = await startFirstframe()
  own(() => firstframe.dispose())
  const registry = `${firstframe.consoleUrl}/api/registry`
  const put = (show: string, body: object) =>
    fetch(`${registry}/${show}`, { method: 'PUT', body: JSON.stringify(body) })

  const wrong = await put('gala', { streams: [{ strea: 'main' }] })
  assert.equal(wrong.status, 400)
  assert.match(await wrong.text(), /bad_show.*streams\.0\.stream/)

  assert.equal(
    (await put('gala', { title: 'Spring gala', streams: [{ stream: 'main', apps: ['a', 'b'] }] })).status,
    204,
  )
  await waitFor(
    async () => ((await (await fetch(registry)).json()) as { shows: unknown[] }).shows.length === 1,
    { what: 'the show in the registry' },
  )

  const beacon = {
    key: firstframe.serverKey(),
    context: { source: 'nginx-rtmp' },
    events: [
      { kind: 'hop', hop: 'ingest', stream: 'main', node: 'n', status: 'up' },
      { kind: 'hop', hop: 'ingest', stream: 'other', node: 'n', status: 'up' },
    ],
  }
  await waitFor(
    async () => {
      assert.equal(
        (
          await postPatiently(`${firstframe.url}/v1/beacons`, {
            body: JSON.stringify(beacon),
            headers: { 'content-type': 'application/json' },
          })
        ).status,
        204,
      )
      const rows = await sqlOf(firstframe)<{ stream: string; show: string }>(
        'SELECT DISTINCT stream, show FROM hop ORDER BY stream',
      )
      return (
        JSON.stringify(rows.filter(({ show }) => show !== '')) ===
        JSON.stringify([{ stream: 'main', show: 'gala' }])
      )
    },
    { what: 'the hop under its show' },
  )
  assert.equal((await fetch(`${registry}/gala`, { method: 'DELETE' })).status, 204)
  await waitFor(
    async () => ((await (await fetch(registry)).json()) as { shows: unknown[] }).shows.length === 0,
    { what: 'the show to be forgotten' },
  )
})
