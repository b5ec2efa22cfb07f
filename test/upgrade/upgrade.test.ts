import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { endWith, waitFor } from '../stream/index.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** A clock that was last right this long ago confirms nothing: rows of the recorded folder are not dropped for their age. */
const UNCONFIRMED_MS = 3 * 86_400_000

/** Data folders that earlier versions wrote (`make.ts`), by the day of the version. */
describe('upgrade', () => {
  for (const name of readdirSync(HERE).filter((each) => each.endsWith('.tar.br')))
    test(`the data folder of ${name.slice(0, 10)} opens: rows, incidents and the registry are there, and it goes on`, {
      timeout: 180_000,
    }, async (t) => {
      const own = endWith(t)
      const traces: string[] = []
      const receiver = createServer(async (request, response) => {
        for await (const piece of request) traces.push(String(piece))
        response.end()
      }).listen(0, '127.0.0.1')
      own(() => new Promise((resolve) => receiver.close(resolve)))
      await once(receiver, 'listening')
      const { port } = receiver.address() as AddressInfo
      const firstframe = await startFirstframe({
        environment: { FIRSTFRAME_TRACES_URL: `http://127.0.0.1:${port}/v1/traces` },
        prepare: async (data) => {
          const input = brotliDecompressSync(readFileSync(join(HERE, name)))
          execFileSync('tar', ['-xf', '-', '-C', data], { input })
          await writeFile(join(data, 'clock'), String(Date.now() - UNCONFIRMED_MS))
        },
      })
      own(() => firstframe.dispose())
      const sql = sqlOf(firstframe)
      const [kept] = await sql<Record<string, string>>(
        `SELECT (SELECT uniqExact(session) FROM heartbeat) AS sessions, (SELECT sum(stalled_ms) FROM heartbeat) AS stalled_ms,
        (SELECT count() FROM startup WHERE outcome = 'started' AND video_startup_time_ms = 500) AS started,
        (SELECT count() FROM hop WHERE bitrate_in_kbps = 2000 AND show = 'gala') AS hops,
        (SELECT count() FROM heartbeat_10s) > 0 AS rollups`,
      )
      assert.deepEqual(Object.values(kept!).map(Number), [20, 20_000, 20, 8, 1], JSON.stringify(kept))
      const incidents = await sql<{ n: string }>(
        `SELECT count() AS n FROM incident WHERE show = 'gala' AND hop = 'ingest' OR hop = 'encoder'`,
      )
      assert.ok(Number(incidents[0]!.n) > 0)
      const listed = await (await fetch(`${firstframe.consoleUrl}/api/incidents`)).text()
      assert.match(listed, /"show":"gala"/, 'the console lists the incident of then')
      const registry = (await (await fetch(`${firstframe.consoleUrl}/api/registry`)).json()) as {
        shows: { title?: string }[]
      }
      assert.equal(JSON.stringify(registry).includes('Spring gala'), true, JSON.stringify(registry))
      const beacon = {
        key: firstframe.serverKey(),
        context: { show: 'gala', stream: 'main', session: 'after', app: 'a' },
        events: [{ kind: 'heartbeat', seq: 1, interval_ms: 10_000, played_ms: 10_000 }],
      }
      const answer = await fetch(`${firstframe.url}/v1/beacons`, {
        method: 'POST',
        body: JSON.stringify(beacon),
      })
      assert.equal(answer.status, 204, 'the server key of then is known')
      await waitFor(
        async () => {
          const [row] = await sql<Record<string, string>>(
            `SELECT (SELECT uniqExact(session) FROM heartbeat) AS raw, (SELECT sum(heartbeats_count) FROM heartbeat_10s) AS rolled,
            (SELECT sum(heartbeats_count) FROM heartbeat_1m WHERE show = 'gala' AND app = 'a') AS minutes,
            (SELECT sum(heartbeats_count) FROM heartbeat_stream_10s) AS lines,
            (SELECT sum(heartbeats_count) FROM audience_5m) AS audience`,
          )
          return Object.values(row!).every((n) => Number(n) === 21)
        },
        { what: 'a row of today beside those of then, in the rollups too', timeout_ms: 60_000 },
      )
      const [lost] = await sql<{ n: string }>('SELECT count() AS n FROM dead_letter')
      assert.equal(Number(lost!.n), 0, 'nothing of the old log is set apart')
      await firstframe.stop()
      assert.match(traces.join(''), /"name":"insert"/, 'its way into the store is a trace')
    })
})
