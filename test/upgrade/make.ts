/**
 * Makes the data folder of a version, for `upgrade.test.ts`: rows, an incident, a show of the registry.
 * `npx tsx test/upgrade/make.ts PROGRAM OUT.tar.br`, with PROGRAM the `main/firstframe.mjs` of a checkout of that version.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { createStore } from '../../store/client.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { freePort, waitFor } from '../stream/index.ts'

/** Of the process that ran, and files that any version fetches anew. */
const EXCLUDED = ['running', 'sdk', 'lock.mdb', 'owner', 'operators-*'].map((name) => `--exclude=${name}`)
const KEPT_DAYS = 10_000

async function main([program = '', out = '']: readonly string[]): Promise<void> {
  const [port, password] = [await freePort(), 'recording']
  const firstframe = await startFirstframe({
    program,
    environment: { FIRSTFRAME_STORE_PORT: String(port), FIRSTFRAME_STORE_PASSWORD: password },
  })
  try {
    // Until 2026-11-27 the key `demo` could say everything.
    const key = existsSync(join(firstframe.data, 'server-key')) ? firstframe.serverKey() : 'demo'
    const show = { title: 'Spring gala', streams: [{ stream: 'main', apps: ['a', 'b'] }] }
    await fetch(`${firstframe.consoleUrl}/api/registry/gala`, { method: 'PUT', body: JSON.stringify(show) })
    const post = (context: object, events: object[]) =>
      fetch(`${firstframe.url}/v1/beacons`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          key,
          context: { show: 'gala', stream: 'main', ...context },
          events,
        }),
      })
    const viewers = Array.from({ length: 20 }, (_, index) => `viewer-${index}`)
    for (const session of viewers)
      await post({ session, app: 'a' }, [
        { kind: 'startup', seq: 1, outcome: 'started', video_startup_time_ms: 500 },
        {
          kind: 'heartbeat',
          seq: 2,
          interval_ms: 10_000,
          played_ms: 9_000,
          stalled_ms: 1_000,
          stall_count: 1,
        },
      ])
    const hop = (fields: object) =>
      post({ source: 'srs' }, [{ kind: 'hop', hop: 'ingest', node: 'i1', interval_ms: 1_000, ...fields }])
    for (let second = 0; second < 8; second++) {
      await hop({ status: 'up', bitrate_in_kbps: 2_000 })
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
    await hop({ status: 'down', event: 'unpublish' })
    const sql = sqlOf(firstframe)
    await waitFor(
      async () =>
        (await sql<{ n: string }>('SELECT count() AS n FROM incident')).some(({ n }) => Number(n) > 0),
      {
        what: 'an incident',
        timeout_ms: 60_000,
        detail: () => firstframe.output(),
      },
    )
    console.log(
      await sql(
        'SELECT name, total_rows FROM system.tables WHERE database = currentDatabase() AND total_rows > 0',
      ),
    )
    // The engine drops rows by the day of the machine: those of a recording are to be there whenever it is opened.
    const store = createStore({ url: `http://127.0.0.1:${port}`, user: 'default', password })
    const tables = await store.query<{ name: string; ttl: string }>(
      "SELECT name, extract(engine_full, 'TTL (.*?) \\+ toInterval') AS ttl FROM system.tables WHERE database = currentDatabase() AND ttl != ''",
    )
    for (const { name, ttl } of tables)
      await store.exec(`ALTER TABLE ${name} MODIFY TTL ${ttl} + INTERVAL ${KEPT_DAYS} DAY`)
    await store.close()
    await firstframe.stop()
    const packed = execFileSync('tar', ['-cf', '-', '-C', firstframe.data, ...EXCLUDED, '.'], {
      maxBuffer: 2 ** 28,
    })
    const params = { [constants.BROTLI_PARAM_LGWIN]: 24 }
    writeFileSync(out, brotliCompressSync(packed, { params }))
  } finally {
    await firstframe.dispose()
  }
}

await main(process.argv.slice(2))
