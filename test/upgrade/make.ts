/**
 * Makes the data folder of a version, for `upgrade.test.ts`: rows, an incident, a show of the registry.
 * `npx tsx test/upgrade/make.ts PROGRAM OUT.tar.gz`, with PROGRAM the `main/firstframe.mjs` of a checkout of that version.
 */
import { execFileSync } from 'node:child_process'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { waitFor } from '../stream/index.ts'

async function main([program = '', out = '']: readonly string[]): Promise<void> {
  const firstframe = await startFirstframe({ program })
  try {
    const show = { title: 'Spring gala', streams: [{ stream: 'main', apps: ['a', 'b'] }] }
    await fetch(`${firstframe.consoleUrl}/api/registry/gala`, { method: 'PUT', body: JSON.stringify(show) })
    const post = (context: object, events: object[]) =>
      fetch(`${firstframe.url}/v1/beacons`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          key: firstframe.serverKey(),
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
    await firstframe.stop()
    execFileSync('tar', ['-czf', out, '-C', firstframe.data, '--exclude=running', '--exclude=sdk', '.'])
  } finally {
    await firstframe.dispose()
  }
}

await main(process.argv.slice(2))
